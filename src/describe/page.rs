//! The documents as one page for people, without a script: what it shows it takes from the documents themselves.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::schema::{Frame, Part};
use super::ways::WAYS;
use super::words::{kind_of, said, text};

/// The mark of the chat page, web/app/public/favicon.svg.
const STAR: &str = "M46 0 32.5 13.5 32.5 32.5 13.5 32.5 0 46-13.5 32.5-32.5 32.5-32.5 13.5-46 0-32.5-13.5-32.5-32.5-13.5-32.5 0-46 \
    13.5-32.5 32.5-32.5 32.5-13.5Z";

/// What stands in the fields of several frames, and is shown once.
const SHAPES: [&str; 5] = ["Position", "Member", "Reaction", "Limits", "ResetReason"];

/// The whole page.
pub(super) fn written(frames: &[Frame], wire: &Value, http: &Value) -> String {
    let mut out = String::new();
    head(&mut out, wire);
    ways(&mut out);
    wire_frames(&mut out, frames, wire);
    refusals(&mut out, wire);
    closes(&mut out, wire);
    endpoints(&mut out, http);
    stream(&mut out, http);
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

/// Appends text that is HTML already.
macro_rules! push {
    ($out:expr, $($part:tt)*) => { write!($out, $($part)*).expect("a String takes everything") };
}

fn head(out: &mut String, wire: &Value) {
    let version = text(wire["info"]["version"].as_str().unwrap_or_default());
    push!(
        out,
        r##"<!doctype html>
<!-- Written by src/describe from the types: CHARSU_WRITE_DOCS=1 cargo test --lib describe -->
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ways into a room · Charsu</title>
<meta name="description" content="Every way to take part in a Charsu room, for people and for programs.">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/docs/docs.css">
</head>
<body>
<a class="skip" href="#ways">To the ways in</a>
<header class="top"><a href="/"><svg viewBox="-50 -50 100 100" aria-hidden="true"><path class="outer" stroke-width="7" stroke-linejoin="round" d="{STAR}"/><path fill="#fabb3d" transform="scale(.46)" d="{STAR}"/></svg>Charsu</a> <span class="version">{version}</span></header>
<main>
<h1>Ways into a room</h1>
<p class="lead">Whoever comes in by one of these meets all the others: a room is one room on every wire. What programs can read is described in two documents, and this page shows the same.</p>
<p class="files"><a href="/docs/asyncapi.json">asyncapi.json</a> <a href="/docs/openapi.json">openapi.json</a></p>
<nav aria-label="On this page"><ul><li><a href="#ways">Ways in</a></li><li><a href="#wire">WebSocket</a></li><li><a href="#refusals">Refusals</a></li><li><a href="#closes">Close codes</a></li><li><a href="#http">HTTP</a></li><li><a href="#stream">Stream of events</a></li></ul></nav>
"##
    );
}

fn ways(out: &mut String) {
    out.push_str(
        "<section id=\"ways\" aria-labelledby=\"ways-h\"><h2 id=\"ways-h\">Ways in</h2>\n<div class=\"ways\">\n",
    );
    for way in WAYS {
        let document =
            way.document.map(|document| format!("<a href=\"{}\">{}</a>, ", document.path(), document.name()));
        push!(
            out,
            "<div class=\"way\"><h3>{}</h3><p>{}</p><pre><code>{}</code></pre><p class=\"by\">Described in {}<code>{}</code></p></div>\n",
            text(way.name),
            said(way.is_for),
            text(way.example),
            document.unwrap_or_default(),
            text(way.prose),
        );
    }
    out.push_str("</div></section>\n");
}

fn wire_frames(out: &mut String, frames: &[Frame], wire: &Value) {
    out.push_str("<section id=\"wire\" aria-labelledby=\"wire-h\"><h2 id=\"wire-h\">charsu.v1 over WebSocket</h2>\n");
    for paragraph in wire["info"]["description"].as_str().unwrap_or_default().split("\n\n") {
        push!(out, "<p>{}</p>\n", said(paragraph));
    }
    let parts = [
        (Part::Command, "commands", "You send", "Each with what it is answered with."),
        (Part::Answer, "answers", "You are told", "Meant for you alone."),
        (Part::Event, "events", "What happens in a room", "Numbered: every member sees the same order."),
        (Part::Signal, "signals", "Loose", "Without a number, and perhaps lost."),
    ];
    for (part, id, title, words) in parts {
        push!(out, "<h3 class=\"part\" id=\"{id}\">{title}</h3><p>{words}</p>\n");
        // In the order of the types, which a document does not keep.
        for Frame { schema, .. } in frames.iter().filter(|frame| frame.part == part) {
            frame(out, wire, schema, &wire["components"]["messages"][schema]);
        }
    }
    out.push_str("<h3 class=\"part\">What frames hold</h3>\n");
    for name in SHAPES {
        let schema = &wire["components"]["schemas"][name];
        push!(
            out,
            "<details id=\"{name}\"><summary><code>{name}</code><span>{}</span></summary><div class=\"inside\">\n",
            said(schema["description"].as_str().unwrap_or_default()),
        );
        fields(out, schema);
        choices(out, schema);
        out.push_str("</div></details>\n");
    }
    out.push_str("</section>\n");
}

/// The values of a field that has only some.
fn choices(out: &mut String, schema: &Value) {
    let Some(choices) = schema["oneOf"].as_array() else { return };
    out.push_str("<dl class=\"fields\">\n");
    for choice in choices {
        let (value, words) = (&choice["const"], &choice["description"]);
        push!(
            out,
            "<div><dt><code>{}</code></dt><dd>{}</dd></div>\n",
            text(value.as_str().unwrap_or_default()),
            said(words.as_str().unwrap_or_default()),
        );
    }
    out.push_str("</dl>\n");
}

fn frame(out: &mut String, wire: &Value, name: &str, message: &Value) {
    let kind = message["name"].as_str().unwrap_or_default();
    push!(
        out,
        "<details id=\"{name}\"><summary><code>{}</code><span>{}</span></summary><div class=\"inside\">\n",
        text(kind),
        said(message["summary"].as_str().unwrap_or_default()),
    );
    let schemas = &wire["components"]["schemas"];
    fields(out, &schemas[name]);
    if name.ends_with("Command") {
        let answers: Vec<&str> = wire["operations"][kind]["reply"]["messages"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|answer| answer["$ref"].as_str()?.rsplit('/').next())
            .collect();
        if answers.is_empty() {
            out.push_str("<p>It is not answered.</p>\n");
        } else {
            let answers: Vec<String> = answers
                .into_iter()
                .map(|answer| {
                    let kind = wire["components"]["messages"][answer]["name"].as_str().unwrap_or_default();
                    format!("<a href=\"#{answer}\"><code>{}</code></a>", text(kind))
                })
                .collect();
            push!(out, "<p>Answered with {}.</p>\n", answers.join(" or "));
        }
    }
    if let Some(payload) = message["examples"][0].get("payload") {
        push!(out, "<pre><code>{}</code></pre>\n", in_one_line(payload));
    }
    out.push_str("</div></details>\n");
}

/// A frame as it stands on the wire, its type first. It may be broken before a field.
fn in_one_line(payload: &Value) -> String {
    let mut rest = payload.clone();
    let kind = rest.as_object_mut().and_then(|fields| fields.remove("type")).expect("a frame has a type");
    let rest = rest.to_string();
    let line = if rest == "{}" { format!("{{\"type\":{kind}}}") } else { format!("{{\"type\":{kind},{}", &rest[1..]) };
    text(&line).replace(",&quot;", ",<wbr>&quot;")
}

fn fields(out: &mut String, schema: &Value) {
    let Some(properties) = schema["properties"].as_object().filter(|it| it.keys().any(|field| field != "type")) else {
        return;
    };
    let needed: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let optional = properties.keys().map(String::as_str).filter(|field| !needed.contains(field));
    out.push_str("<dl class=\"fields\">\n");
    for field in needed.iter().copied().chain(optional).filter(|field| *field != "type") {
        let property = &properties[field];
        let optional = if needed.contains(&field) { "" } else { ", may be left out" };
        push!(
            out,
            "<div><dt><code>{}</code> <span class=\"kind\">{}{optional}</span></dt><dd>{}</dd></div>\n",
            text(field),
            kind_of(property),
            said(property["description"].as_str().unwrap_or_default()),
        );
    }
    out.push_str("</dl>\n");
}

fn refusals(out: &mut String, wire: &Value) {
    out.push_str(
        "<section id=\"refusals\" aria-labelledby=\"refusals-h\"><h2 id=\"refusals-h\">Refusals</h2>\n<p>The codes are stable, and \
         the words are not. Where it may be tried again, the same may be sent later without a change.</p>\n",
    );
    let again = "<span class=\"again\">try again</span>";
    table(
        out,
        ["Code", "Words", "", "HTTP"],
        wire["components"]["schemas"]["Code"]["x-refusals"].as_array().into_iter().flatten().map(|refusal| {
            [
                format!("<code>{}</code>", text(refusal["code"].as_str().unwrap_or_default())),
                said(refusal["message"].as_str().unwrap_or_default()),
                if refusal["may_retry"] == true { again.to_owned() } else { String::new() },
                refusal["http_status"].to_string(),
            ]
        }),
    );
}

fn closes(out: &mut String, wire: &Value) {
    out.push_str(
        "<section id=\"closes\" aria-labelledby=\"closes-h\"><h2 id=\"closes-h\">Close codes</h2>\n<p>Why a WebSocket ends, and \
         whether its client may come back without asking anybody.</p>\n",
    );
    let again = "<span class=\"again\">come back</span>";
    table(
        out,
        ["Code", "Words", "", ""],
        wire["channels"]["charsu"]["x-close-codes"].as_array().into_iter().flatten().map(|close| {
            let words = close["reason"].as_str().filter(|words| !words.is_empty()).unwrap_or("the work is done");
            [
                close["code"].to_string(),
                said(words),
                if close["may_return"] == true { again.to_owned() } else { String::new() },
                String::new(),
            ]
        }),
    );
}

/// A table, and the end of its section. Roles are named, for on a phone it is no table to look at.
fn table(out: &mut String, titles: [&str; 4], rows: impl Iterator<Item = [String; 4]>) {
    let count = if titles[3].is_empty() { 3 } else { 4 };
    out.push_str("<table class=\"table\" role=\"table\"><thead><tr role=\"row\">");
    for title in &titles[..count] {
        let title = if title.is_empty() { "Again" } else { title };
        push!(out, "<th role=\"columnheader\" scope=\"col\">{title}</th>");
    }
    out.push_str("</tr></thead><tbody>\n");
    for row in rows {
        out.push_str("<tr role=\"row\">");
        for (title, cell) in titles[..count].iter().zip(row) {
            let of = if *title == "HTTP" { " data-of=\"HTTP\"" } else { "" };
            push!(out, "<td role=\"cell\" class=\"num\"{of}>{cell}</td>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></section>\n");
}

fn endpoints(out: &mut String, http: &Value) {
    out.push_str("<section id=\"http\" class=\"wide\" aria-labelledby=\"http-h\"><h2 id=\"http-h\">HTTP</h2>\n");
    for paragraph in http["info"]["description"].as_str().unwrap_or_default().split("\n\n") {
        push!(out, "<p>{}</p>\n", said(paragraph));
    }
    for tag in http["tags"].as_array().into_iter().flatten() {
        push!(
            out,
            "<h3 class=\"part\">{}</h3>\n",
            said(tag["description"].as_str().unwrap_or_default().trim_end_matches('.'))
        );
        for (path, item) in object(&http["paths"]) {
            for method in ["get", "post"] {
                let Some(operation) = item.get(method).filter(|operation| operation["tags"][0] == tag["name"]) else {
                    continue;
                };
                endpoint(out, http, (method, path), item, operation);
            }
        }
    }
    out.push_str("</section>\n");
}

fn endpoint(out: &mut String, http: &Value, (method, path): (&str, &str), item: &Value, operation: &Value) {
    let (id, words) = (&operation["operationId"], &operation["summary"]);
    push!(
        out,
        "<details id=\"{}\"><summary><code><span class=\"method\">{}</span> {}</code><span>{}</span></summary><div class=\"inside\">\n",
        id.as_str().unwrap_or_default(),
        method.to_uppercase(),
        text(path),
        said(words.as_str().unwrap_or_default()),
    );
    if let Some(words) = operation["description"].as_str() {
        push!(out, "<p>{}</p>\n", said(words));
    }
    let parameters: Vec<&Value> = [&item["parameters"], &operation["parameters"]]
        .into_iter()
        .filter_map(Value::as_array)
        .flatten()
        .map(|parameter| resolved(http, parameter))
        .collect();
    if !parameters.is_empty() {
        out.push_str("<dl class=\"fields\">\n");
        for parameter in parameters {
            push!(
                out,
                "<div><dt><code>{}</code> <span class=\"kind\">{}</span></dt><dd>{}</dd></div>\n",
                text(parameter["name"].as_str().unwrap_or_default()),
                match parameter["in"].as_str().unwrap_or_default() {
                    "path" => "in the path",
                    "query" => "in the query",
                    _ => "a header",
                },
                said(parameter["description"].as_str().unwrap_or_default()),
            );
        }
        out.push_str("</dl>\n");
    }
    if let Some(body) = operation.get("requestBody") {
        let kinds: Vec<String> =
            object(&body["content"]).map(|(kind, _)| format!("<code>{}</code>", text(kind))).collect();
        push!(out, "<p>Body: {}. {}</p>\n", kinds.join(", "), said(body["description"].as_str().unwrap_or_default()));
    }
    out.push_str("<dl class=\"fields\">\n");
    for (status, answer) in object(&operation["responses"]).filter(|(status, _)| *status != "default") {
        let words = answer["description"].as_str().unwrap_or_default();
        let codes = codes_of(answer);
        let words = if codes.is_empty() { said(words) } else { codes };
        push!(out, "<div><dt><code>{status}</code></dt><dd>{words}</dd></div>\n");
    }
    out.push_str("</dl>\n");
    if let Some(example) = example_of(operation) {
        push!(out, "<pre><code>{}</code></pre>\n", text(&example));
    }
    out.push_str("</div></details>\n");
}

/// The codes that an answer may have, if it is a refusal.
fn codes_of(answer: &Value) -> String {
    let names = &answer["content"]["application/json"]["schema"]["allOf"][1]["properties"]["code"]["enum"];
    let names: Vec<String> = names
        .as_array()
        .into_iter()
        .flatten()
        .map(|name| format!("<code>{}</code>", text(name.as_str().unwrap_or_default())))
        .collect();
    names.join(", ")
}

/// What an operation answers when it goes well.
fn example_of(operation: &Value) -> Option<String> {
    let (_, answer) = object(&operation["responses"]).find(|(status, _)| status.starts_with('2'))?;
    let (_, content) = object(&answer["content"]).next()?;
    match content.get("example")? {
        Value::String(text) => Some(text.trim_end().to_owned()),
        json => Some(json.to_string()),
    }
}

fn stream(out: &mut String, http: &Value) {
    out.push_str(
        "<section id=\"stream\" aria-labelledby=\"stream-h\"><h2 id=\"stream-h\">Stream of events</h2>\n<p>The names of the \
         events, each with what its data is. A refusal is called <code>refusal</code>, because browsers call a broken line \
         <code>error</code>.</p>\n<div class=\"table\">\n",
    );
    let schemas = &http["components"]["schemas"];
    for event in schemas["StreamEvent"]["oneOf"].as_array().into_iter().flatten() {
        let name = event["title"].as_str().unwrap_or_default();
        let schema = event["properties"]["data"]["contentSchema"]["$ref"].as_str().unwrap_or_default();
        let schema = &schemas[schema.rsplit('/').next().unwrap_or_default()];
        push!(
            out,
            "<details><summary><code>{}</code><span>{}</span></summary><div class=\"inside\">\n",
            text(name),
            said(schema["description"].as_str().unwrap_or_default()),
        );
        fields(out, schema);
        out.push_str("</div></details>\n");
    }
    out.push_str("</div></section>\n");
}

fn object(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter).map(|(key, value)| (key.as_str(), value))
}

fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match value["$ref"].as_str() {
        Some(place) => document.pointer(place.trim_start_matches('#')).expect("it leads somewhere"),
        None => value,
    }
}
