import { describe, expect, it } from 'vitest';
import { blocks, graphemes, inlines, onlyEmoji } from '../src/text/parse.ts';

const link = (text: string, href = text) => ({ kind: 'link', text, href });
const plain = (text: string) => ({ kind: 'text', text });
const code = (text: string) => ({ kind: 'code', text });
/** What of a text becomes a link. */
const links = (text: string) => inlines(text).filter((part) => part.kind === 'link').map((part) => part.text);

describe('links', () => {
  it('are http and https, shown as typed', () => {
    expect(inlines('see https://a.example/x?y=1#z now')).toEqual([plain('see '), link('https://a.example/x?y=1#z'), plain(' now')]);
    expect(inlines('http://192.168.1.5:8000/r/408213')).toEqual([link('http://192.168.1.5:8000/r/408213')]);
    expect(inlines('www.example.org/a')).toEqual([link('www.example.org/a', 'https://www.example.org/a')]);
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', 'ftp://a.example', 'https://', 'www.x', 'xhttps://a.example', 'me@www.a.example'])('%s is none', (text) => {
    expect(links(text)).toEqual([]);
  });

  it.each([
    ['https://a.example.', 'https://a.example'],
    ['(https://a.example/x)', 'https://a.example/x'],
    ['https://a.example/x_(y)', 'https://a.example/x_(y)'],
    ['«https://a.example/x»', 'https://a.example/x'],
    ['https://a.example/x؟', 'https://a.example/x'],
    ['https://a.example/x، و', 'https://a.example/x'],
    ['https://a.example/x).', 'https://a.example/x'],
    ['https://a.example/x"y', 'https://a.example/x'],
  ])('in %s end before the sentence does', (text, expected) => {
    expect(links(text)).toEqual([expected]);
  });

  it('lose nothing of the text around them', () => {
    const text = '(see https://a.example/x), ok';
    expect(inlines(text).map((part) => part.text).join('')).toBe(text);
  });

  it('with a host of mixed scripts show what the browser will call', () => {
    // The second letter is Cyrillic.
    expect(links('https://p\u0430ypal.example/')).toEqual(['https://xn--pypal-4ve.example/']);
  });

  it('with a user name before the host show where they lead', () => {
    expect(inlines('https://bank.example@evil.example/')).toEqual([link('https://bank.example@evil.example/')]);
  });

  it('carry no marks that turn their surroundings', () => {
    expect(links('https://a.example/\u202Egpj.exe')).toEqual(['https://a.example/gpj.exe']);
  });
});

describe('code', () => {
  it('stands between backticks, with everything in it as typed', () => {
    expect(inlines('a `<b>https://a.example</b>` c')).toEqual([plain('a '), code('<b>https://a.example</b>'), plain(' c')]);
  });

  it('needs both backticks on one line', () => {
    expect(inlines('a ` b')).toEqual([plain('a ` b')]);
    expect(inlines('a `b\nc` d')).toEqual([plain('a `b\nc` d')]);
  });

  it('in three backticks is a block of its own; a language after them is not shown', () => {
    expect(blocks('before\n```rust\nfn main() {}\n```\nafter')).toEqual([
      { kind: 'paragraph', inlines: [plain('before')] }, { kind: 'code', text: 'fn main() {}' }, { kind: 'paragraph', inlines: [plain('after')] },
    ]);
    expect(blocks('```one line```')).toEqual([{ kind: 'code', text: 'one line' }]);
  });

  it('parts the text around it without blanks at the seams', () => {
    expect(blocks('a ```x``` b')).toEqual([{ kind: 'paragraph', inlines: [plain('a')] }, code('x'), { kind: 'paragraph', inlines: [plain('b')] }]);
  });

  it('that was not ended goes on to the end, and keeps its indentation', () => {
    expect(blocks('```\n  a\n    b')).toEqual([{ kind: 'code', text: '  a\n    b' }]);
  });

  it('without anything in it is only three backticks', () => {
    expect(blocks('``` ```')).toEqual([{ kind: 'paragraph', inlines: [plain('``` ```')] }]);
  });
});

describe('paragraphs', () => {
  it('keep single and empty lines inside and lose them around', () => {
    expect(blocks('\n a\n\nb \n')).toEqual([{ kind: 'paragraph', inlines: [plain(' a\n\nb')] }]);
  });

  it('never hold markup, only text', () => {
    expect(blocks('<img src=x onerror=alert(1)>')).toEqual([{ kind: 'paragraph', inlines: [plain('<img src=x onerror=alert(1)>')] }]);
  });
});

describe('messages of emoji only', () => {
  it.each(['👏', '👩‍👩‍👧', '🇮🇷', '👍🏽 🙂', '❤️'])('%s is large', (text) => expect(onlyEmoji(text)).toBe(true));
  it.each(['', ' ', '1', '#', '👏 ok', '👏👏👏👏', '123'])('"%s" is not', (text) => expect(onlyEmoji(text)).toBe(false));
});

describe('counting', () => {
  it('counts what a person sees as one', () => {
    expect(graphemes('a👩‍👩‍👧é')).toBe(3);
  });
});
