// The documents at /docs are what their specifications ask for: AsyncAPI's and OpenAPI's own schemas judge them. What they say is held
// against the server by tests/scenes/described.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, test } from 'vitest';

type Json = Record<string, any>;

const document = (name: string): Json => JSON.parse(readFileSync(join(import.meta.dirname, '../../../docs/api', name), 'utf8')) as Json;

/** A copy with one thing changed. */
const changed = (whole: Json, change: (copy: Json) => void): Json => {
  const copy = structuredClone(whole);
  change(copy);
  return copy;
};

/** Every reference in a document, as a path into it. */
const references = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === '$ref' && typeof inner === 'string' ? [inner] : references(inner)));
};
const leadsSomewhere = (whole: Json, reference: string): boolean =>
  reference.startsWith('#/') && reference.slice(2).split('/').reduce<any>((inner, key) => inner?.[key.replaceAll('~1', '/').replaceAll('~0', '~')], whole) !== undefined;

describe('asyncapi.json', () => {
  const wire = document('asyncapi.json');
  const specification = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0-without-$id.json') as Json;
  const ajv = new Ajv({ strict: false, allErrors: true });
  (addFormats as unknown as (ajv: Ajv) => void)(ajv);
  const judge = ajv.compile(specification);

  test('is a document of AsyncAPI 3.0', () => {
    expect(judge(wire), JSON.stringify(judge.errors)).toBe(true);
  });

  test('would not be one with a mistake in it', () => {
    for (const change of [
      (copy: Json) => { copy['operations'].say.action = 'sends'; },
      (copy: Json) => { copy['channels'].charsu.adress = '/ws'; },
      (copy: Json) => { delete copy['info'].version; },
      (copy: Json) => { copy['components'].schemas.SayCommand.properties.id.minimum = 'one'; },
    ]) expect(judge(changed(wire, change))).toBe(false);
  });

  test('has no reference that leads nowhere', () => {
    const all = references(wire);
    expect(all.length).toBeGreaterThan(100);
    expect(all.filter((reference) => !leadsSomewhere(wire, reference))).toEqual([]);
  });

  test('has the examples of its messages by their schemas', () => {
    const ajv = new Ajv({ strict: false, validateFormats: false });
    ajv.addSchema({ ...wire, $id: 'wire' });
    let seen = 0;
    for (const [name, message] of Object.entries<Json>(wire['components'].messages)) {
      const judge = ajv.getSchema(`wire#/components/schemas/${name}`);
      for (const { payload } of message['examples']) {
        expect(judge?.(payload), `${name}: ${JSON.stringify(judge?.errors)}`).toBe(true);
        seen += 1;
      }
    }
    expect(seen).toBeGreaterThanOrEqual(50);
  });
});

describe('openapi.json', () => {
  const http = document('openapi.json');

  test('is a document of OpenAPI 3.1', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(http);
    expect(valid, JSON.stringify(errors)).toBe(true);
    expect(validator.version).toBe('3.1');
  });

  test('would not be one with a mistake in it', async () => {
    for (const change of [
      (copy: Json) => { copy['paths']['/api/rooms'].post.respones = {}; },
      (copy: Json) => { copy['paths']['/api/rooms/{room}'].parameters[0] = { name: 'room', in: 'way' }; },
      (copy: Json) => { delete copy['info'].title; },
    ]) expect((await new Validator().validate(changed(http, change))).valid).toBe(false);
  });

  test('has no reference that leads nowhere, and no two operations of one name', () => {
    const all = references(http);
    expect(all.length).toBeGreaterThan(100);
    expect(all.filter((reference) => !leadsSomewhere(http, reference))).toEqual([]);
    const names = Object.values<Json>(http['paths']).flatMap((path) => [path['get'], path['post']]).filter(Boolean).map(({ operationId }: Json) => operationId as string);
    expect(new Set(names).size).toBe(names.length);
  });
});
