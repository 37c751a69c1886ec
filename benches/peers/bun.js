// A chat on Bun's own publish and subscribe: every line goes to everybody in the room.
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.env.PORT),
  fetch(request, server) {
    const { pathname, searchParams } = new URL(request.url);
    const data = { room: pathname.slice('/ws/'.length), name: searchParams.get('name') };
    return server.upgrade(request, { data }) ? undefined : new Response('a WebSocket is wanted', { status: 426 });
  },
  websocket: {
    open(socket) {
      socket.subscribe(socket.data.room);
      tell(socket.data.room, { type: 'system', message: 'A user joined the chat' });
    },
    message({ data: { room, name } }, frame) {
      tell(room, { type: 'message', username: name, text: JSON.parse(frame).text });
    },
    close(socket) {
      tell(socket.data.room, { type: 'system', message: 'A user left the chat' });
    },
  },
});

function tell(room, frame) {
  server.publish(room, JSON.stringify(frame));
}
