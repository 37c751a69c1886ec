// A chat on Socket.IO's rooms, over its WebSocket transport.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
// The load answers no pings of Engine.IO, so none come while it lasts.
const io = new Server(http, { transports: ['websocket'], pingInterval: 600_000, serveClient: false });
io.on('connection', (socket) => {
  const { room, name } = socket.handshake.query;
  socket.join(room);
  io.to(room).emit('system', { message: 'A user joined the chat' });
  socket.on('message', ({ text }) => io.to(room).emit('message', { username: name, text }));
  socket.on('disconnect', () => io.to(room).emit('system', { message: 'A user left the chat' }));
});
http.listen(Number(process.env.PORT), '127.0.0.1');
