// The servers that are measured: how each is started, and what a load on it says.

import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';

const TUTORIAL = { path: '/ws/{room}?name={name}', load: [] };
const SOCKET_IO = {
  path: '/socket.io/?EIO=4&transport=websocket&room={room}&name={name}',
  // 40 joins the namespace, 42 is an event.
  load: ['--first', '40', '--template', '42["message",{"text":"{text}"}]'],
};

/** Every server, by the folder where programs were built and peers installed. */
export function servers(target) {
  const peers = `${target}/peers`;
  const charsu = (port) => [
    `${target}/release/charsu`,
    '--listen',
    `127.0.0.1:${port}`,
    '--no-limits',
    '--log',
    'warn',
  ];
  const uvicorn = (port) => [
    `${peers}/venv/bin/uvicorn`,
    'fastapi_app:app',
    '--host',
    '127.0.0.1',
    '--port',
    `${port}`,
    '--log-level',
    'warning',
  ];
  return [
    { id: 'charsu', name: 'Charsu, tutorial frames', start: charsu, ...TUTORIAL },
    { id: 'charsu.v1', name: 'Charsu, charsu.v1', start: charsu, path: '/ws', load: ['--protocol', 'charsu.v1'] },
    { id: 'bun', name: 'Bun', start: () => [`${peers}/node_modules/bun/bin/bun.exe`, 'bun.js'], ...TUTORIAL },
    { id: 'ws', name: 'Node, ws', start: () => [process.execPath, 'ws.mjs'], ...TUTORIAL },
    {
      id: 'socketio',
      name: 'Node, Socket.IO',
      start: () => [process.execPath, 'socketio.mjs'],
      ...SOCKET_IO,
      slow: true,
    },
    { id: 'fastapi', name: 'FastAPI, uvicorn', start: uvicorn, ...TUTORIAL, slow: true },
  ];
}

/** What is measured, in words, for the document. */
export function versions(target) {
  const peers = `${target}/peers`;
  const said = (program, ...args) => execFileSync(program, args, { encoding: 'utf8' }).trim();
  const require = createRequire(`${peers}/`);
  const of = (name) => require(`${peers}/node_modules/${name}/package.json`).version;
  const python = 'import fastapi, uvicorn; print(f"FastAPI {fastapi.__version__}, uvicorn {uvicorn.__version__}")';
  return [
    `Charsu ${said(`${target}/release/charsu`, '--version').split(' ').at(-1)} (commit ${said('git', 'rev-parse', '--short', 'HEAD')})`,
    `Bun ${of('bun')}`,
    `Node ${process.versions.node} with ws ${of('ws')} and Socket.IO ${of('socket.io')}`,
    said(`${peers}/venv/bin/python`, '-c', python),
  ].join(', ');
}
