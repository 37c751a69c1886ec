// A chat on Node with the library `ws`: every line goes to everybody in the room, encoded once.
import { WebSocketServer } from 'ws';

const rooms = new Map();

function tell(room, frame) {
  const text = JSON.stringify(frame);
  for (const socket of rooms.get(room) ?? []) socket.send(text);
}

new WebSocketServer({ host: '127.0.0.1', port: Number(process.env.PORT), perMessageDeflate: false }).on(
  'connection',
  (socket, request) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    const room = pathname.slice('/ws/'.length);
    const name = searchParams.get('name');
    if (!rooms.has(room)) rooms.set(room, new Set());
    rooms.get(room).add(socket);
    tell(room, { type: 'system', message: 'A user joined the chat' });
    socket.on('message', (frame) => {
      tell(room, { type: 'message', username: name, text: JSON.parse(frame).text });
    });
    socket.on('close', () => {
      rooms.get(room).delete(socket);
      if (rooms.get(room).size === 0) rooms.delete(room);
      tell(room, { type: 'system', message: 'A user left the chat' });
    });
  },
);
