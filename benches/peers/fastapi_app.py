"""A chat as the FastAPI tutorials have it: a manager of connections, and a loop over the room."""

import json
from collections import defaultdict

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()


class ConnectionManager:
    def __init__(self):
        self.rooms = defaultdict(list)

    async def connect(self, websocket: WebSocket, room: str):
        await websocket.accept()
        self.rooms[room].append(websocket)

    def disconnect(self, websocket: WebSocket, room: str):
        self.rooms[room].remove(websocket)
        if not self.rooms[room]:
            del self.rooms[room]

    async def broadcast(self, room: str, frame: dict):
        text = json.dumps(frame)
        for connection in list(self.rooms[room]):
            try:
                await connection.send_text(text)
            except (WebSocketDisconnect, RuntimeError):
                # It is going; its own task will notice.
                pass


manager = ConnectionManager()


@app.websocket("/ws/{room}")
async def chat(websocket: WebSocket, room: str, name: str):
    await manager.connect(websocket, room)
    await manager.broadcast(room, {"type": "system", "message": "A user joined the chat"})
    try:
        while True:
            frame = json.loads(await websocket.receive_text())
            await manager.broadcast(room, {"type": "message", "username": name, "text": frame["text"]})
    except WebSocketDisconnect:
        manager.disconnect(websocket, room)
        await manager.broadcast(room, {"type": "system", "message": "A user left the chat"})
