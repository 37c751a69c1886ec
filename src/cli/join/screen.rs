//! A visit on the whole screen: keys in, frames out, and a terminal that is as it was afterwards, whatever happens.

use std::io::{self, Stdout, Write};
use std::sync::Once;
use std::time::Duration;

use ratatui_core::terminal::Terminal;
use ratatui_crossterm::CrosstermBackend;
use ratatui_crossterm::crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange, Event, read,
};
use ratatui_crossterm::crossterm::style::Print;
use ratatui_crossterm::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui_crossterm::crossterm::{cursor, execute};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::stop::Stop;
use super::{Exit, Surroundings, Visit};
use crate::client::Client;
use crate::terminal::app::{App, Wish};
use crate::terminal::clock::Clock;
use crate::terminal::pass::Pass;
use crate::terminal::plain::Ending;
use crate::terminal::text::Order;
use crate::terminal::{safe, view};

/// Events that were read and not looked at.
const AHEAD: usize = 64;
/// How long the acknowledgement of a last line is waited for.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// BDSM, bi-directional support mode (ECMA-48 section 7.2.1): from now on what we send is in the order in which it is to be
/// seen. Terminals that put right-to-left text in order by themselves, and know this, leave it alone then.
const ORDERED: &str = "\x1b[8l";
const UNORDERED: &str = "\x1b[8h";

/// The terminal while it is ours. Given back when this is dropped.
struct Screen(Terminal<CrosstermBackend<Stdout>>);

impl Screen {
    fn take(order: Order) -> io::Result<Self> {
        static GIVES_BACK: Once = Once::new();
        GIVES_BACK.call_once(|| {
            let usual = std::panic::take_hook();
            // What a panic says is to be read on the usual screen.
            std::panic::set_hook(Box::new(move |panic| {
                give_back();
                usual(panic);
            }));
        });
        enable_raw_mode()?;
        // From here on whatever goes wrong gives it back.
        let took = (|| {
            execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, EnableFocusChange)?;
            if order == Order::Here {
                execute!(io::stdout(), Print(ORDERED))?;
            }
            Terminal::new(CrosstermBackend::new(io::stdout()))
        })();
        if took.is_err() {
            give_back();
        }
        took.map(Self)
    }

    fn draws(&mut self, app: &mut App, client: &Client) -> io::Result<()> {
        self.0.draw(|frame| {
            // It may have another size already, of which nobody has told yet.
            app.resizes(frame.area().width, frame.area().height);
            let cursor = view::draw(app, client.view(), frame.buffer_mut());
            if let Some(cursor) = cursor {
                frame.set_cursor_position(cursor);
            }
        })?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Makes the terminal what it was. Twice does no harm; what cannot be done is not worth a word any more.
fn give_back() {
    let mut stdout = io::stdout();
    let _ = execute!(
        stdout,
        Print(UNORDERED),
        DisableFocusChange,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = disable_raw_mode();
    let _ = stdout.flush();
}

/// Why a visit on the screen ends badly.
pub(super) enum Trouble {
    Io(io::Error),
    Ending(Ending),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Visits until somebody leaves. What was not sent then is told.
pub(super) async fn run(
    mut client: Client,
    visit: &Visit,
    pass: Pass,
    surroundings: &Surroundings,
) -> Result<(Exit, Option<String>), Trouble> {
    let mut stop = Stop::listen();
    let orders = visit.orders.unwrap_or(!surroundings.reorders);
    let order = if orders { Order::Here } else { Order::Terminal };
    let clock = clock(surroundings.zone.as_deref());
    let server = visit.server.to_string();
    let name = visit.person(pass);
    let mut app = App::new(&visit.room, &server, name, clock, order, surroundings.has_colour);
    app.pass = pass;
    let mut screen = Screen::take(order)?;
    let mut events = keys();
    if let Some(name) = name {
        app.room = Some(client.chat().join(&visit.room, name));
    }
    let ended = loop {
        app.at(client.now());
        if let Some(why) = &app.refused {
            break Err(Ending::Barred(safe::one_line(&why.in_one_line())));
        }
        screen.draws(&mut app, &client)?;
        let due = app.due(client.view()).map(|due| due.saturating_sub(client.now()));
        let mut wishes = Vec::new();
        tokio::select! {
            news = client.next() => {
                app.hears(&news, client.view());
                // What came together is shown together.
                while let Some(news) = client.chat().news() {
                    app.hears(&news, client.view());
                }
            }
            event = events.recv() => match event {
                Some(event) => wishes = takes(&mut app, &client, event),
                // Nobody is there any more.
                None => break Ok(()),
            },
            () = sleep(due.unwrap_or(Duration::MAX)) => {}
            () = stop.asked() => break Ok(()),
        }
        if wishes.contains(&Wish::Quit) {
            break Ok(());
        }
        for wish in wishes {
            does(wish, &mut app, &mut client, &mut screen, &visit.room)?;
        }
    };
    // What is on its way is worth a moment.
    let last_words = async {
        while app.is_attached(client.view()) && client.view().is_busy() {
            client.next().await;
        }
    };
    let _ = timeout(LAST_WORDS, last_words).await;
    let unsent = app.room.map_or(0, |room| client.view().own(room).filter(|line| line.is_open()).count());
    drop(screen);
    client.close().await;
    ended.map_err(Trouble::Ending)?;
    Ok(match unsent {
        0 => (Exit::Left, None),
        1 => (Exit::Unsaid, Some("one line was not sent".to_owned())),
        count => (Exit::Unsaid, Some(format!("{count} lines were not sent"))),
    })
}

/// The zone that is named, or that of the machine; where neither can be read, none.
fn clock(zone: Option<&str>) -> Clock {
    let zone = zone.map_or_else(tz::TimeZone::local, tz::TimeZone::from_posix_tz);
    zone.map_or_else(|_| Clock::utc(), Clock::of)
}

fn takes(app: &mut App, client: &Client, event: Event) -> Vec<Wish> {
    let chat = client.view();
    match event {
        Event::Key(key) => return app.presses(key, chat),
        Event::Paste(text) => return app.pastes(&text, chat),
        Event::Resize(width, height) => app.resizes(width, height),
        Event::FocusGained => app.focuses(true),
        Event::FocusLost => app.focuses(false),
        Event::Mouse(_) => {}
    }
    Vec::new()
}

fn does(wish: Wish, app: &mut App, client: &mut Client, screen: &mut Screen, written: &str) -> io::Result<()> {
    let chat = client.chat();
    if let Wish::Join(name) = &wish {
        app.room = Some(chat.join(written, name));
    }
    let Some(room) = app.room else { return Ok(()) };
    let mut given_back = None;
    let full = match wish {
        Wish::Say(text) => {
            let full = chat.say(room, &text).is_err();
            given_back = Some(text);
            full
        }
        Wish::Edit(seq, text) => chat.edit(room, seq, &text).is_err(),
        Wish::Delete(seq) => chat.delete(room, seq).is_err(),
        Wish::React(seq, emoji) => chat.react(room, seq, &emoji, true).is_err(),
        other => {
            match other {
                Wish::ReadBack(before) => chat.read_back(room, before),
                Wish::Types => chat.types(room),
                Wish::StopsTyping => chat.stops_typing(room),
                Wish::Retry(key) => chat.retry(key),
                Wish::Discard(key) => drop(chat.discard(key)),
                Wish::Reconnect => chat.reconnect(),
                Wish::Redraw => return screen.0.clear(),
                Wish::Join(_) | Wish::Quit | Wish::Say(_) | Wish::Edit(..) | Wish::Delete(_) | Wish::React(..) => {}
            }
            false
        }
    };
    if full {
        app.is_full(given_back.as_deref());
    }
    Ok(())
}

/// Reads keys in a thread of its own.
fn keys() -> mpsc::Receiver<Event> {
    let (to, from) = mpsc::channel(AHEAD);
    std::thread::spawn(move || {
        while let Ok(event) = read() {
            if to.blocking_send(event).is_err() {
                return;
            }
        }
    });
    from
}
