// A chat page in one file, with promises and events instead of snapshots.
import { connect } from '@charsu/client';
import { banner, mark, note, server, typing } from '../shared/words.js';

const at = (id) => document.getElementById(id);
const session = connect(server);
session.on('link', (link) => { at('banner').textContent = banner(link); });
addEventListener('online', () => session.online(true));
addEventListener('offline', () => session.online(false));

at('door').addEventListener('submit', async (event) => {
  event.preventDefault();
  const fields = new FormData(at('door').querySelector('form'));
  at('refusal').textContent = '';
  try {
    enter(await session.join(String(fields.get('code')), String(fields.get('name'))));
  } catch (refusal) {
    at('refusal').textContent = refusal.message;
  }
});

async function enter(room) {
  at('door').hidden = !(at('chat').hidden = false);
  at('code').textContent = room.name;
  at('log').replaceChildren();
  const people = () => at('people').replaceChildren(...room.people.map(({ name }) => element('li', '', element('bdi', '', name))));
  people();
  room.on('people', people);
  room.on('typing', (typists) => { at('typing').textContent = typing(typists); });
  at('leave').onclick = () => room.leave();
  const draft = at('composer').querySelector('input');
  draft.oninput = () => room.typing();
  at('composer').onsubmit = (event) => {
    event.preventDefault();
    if (draft.value.trim() !== '') say(room, draft.value);
    draft.value = '';
  };
  try {
    for await (const event of room.events()) hear(event);
  } catch (refusal) {
    at('refusal').textContent = refusal.message;
  }
  at('door').hidden = !(at('chat').hidden = true);
}

/** Own lines that are shown already, by their numbers. */
const shown = new Map();

/** The line is there at once, and says how it stands. */
async function say(room, text) {
  const state = element('small', '', mark('queued'));
  const row = show(element('li', 'own', words(text), state));
  try {
    const { epoch, seq } = await room.say(text);
    shown.set(`${epoch} ${seq}`, row);
    state.remove();
  } catch (refusal) {
    state.textContent = `${mark(refusal.code === 'unconfirmed' ? 'unconfirmed' : 'failed')} ${refusal.message}`;
  }
}

function hear(event) {
  if (event.type === 'message' || event.type === 'private') {
    const mine = event.own && shown.get(`${event.epoch} ${event.seq}`);
    // Its place in the room's order may be further down than where it was typed.
    if (mine) show(mine);
    else show(element('li', event.own ? 'own' : '', event.own ? '' : element('b', '', element('bdi', '', event.name)), words(event.text)));
  } else if (event.type === 'join' || event.type === 'leave' || event.type === 'reset') {
    show(element('li', 'note', note({ kind: event.type, person: event.member })));
  }
}

function show(row) {
  at('log').append(row);
  const { parentElement: log } = at('log');
  log.scrollTo({ top: log.scrollHeight });
  return row;
}

function words(text) {
  const line = element('p', '', text);
  line.dir = 'auto';
  return line;
}

function element(kind, style, ...inside) {
  const made = document.createElement(kind);
  made.className = style;
  made.append(...inside);
  return made;
}
