"""The server as Python's usual WebSocket library, `websockets`, meets it: each wire, fragments, pings, long texts, the end.

CHARSU_URL names a server that tests/clients/run has started, CHARSU_COMPRESSES the extension that it takes up, if any. Every
wait is bounded.
"""

import asyncio
import json
import os
import unittest

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

SERVER = os.environ.get("CHARSU_URL", "ws://127.0.0.1:8000")
EXTENSION = os.environ.get("CHARSU_COMPRESSES")
LONGEST = 60 * 1024  # what tests/clients/run tells the server to take at most
WITHIN = 10  # seconds


class Client:
    """An open connection that speaks JSON."""

    def __init__(self, socket):
        self.socket = socket

    async def say(self, **frame):
        await self.socket.send(json.dumps(frame))

    async def next(self):
        frame = await asyncio.wait_for(self.socket.recv(), WITHIN)
        if not isinstance(frame, str):
            raise AssertionError("the server sends text only")
        return json.loads(frame)

    async def closed(self):
        """The code of the server's close frame, whatever comes before it."""
        return await asyncio.wait_for(self._read_to_the_end(), WITHIN)

    async def _read_to_the_end(self):
        try:
            while True:
                await self.socket.recv()
        except ConnectionClosed as end:
            return end.rcvd.code


class Clients(unittest.IsolatedAsyncioTestCase):
    async def open(self, path, *protocols):
        socket = await connect(SERVER + path, subprotocols=list(protocols) or None, open_timeout=WITHIN, max_size=2**20)
        self.addAsyncCleanup(socket.close)
        return Client(socket)

    async def member(self, room, name):
        client = await self.open("/ws", "charsu.v1")
        await client.say(type="hello")
        await client.say(type="join", id=1, room=room, name=name)
        self.assertEqual((await client.next())["type"], "welcome")
        joined = await client.next()
        self.assertEqual((joined["type"], joined["room"], joined["name"]), ("joined", room, name))
        return client

    async def test_charsu_v1_is_taken_as_the_subprotocol_and_an_extension_only_if_that_is_wanted(self):
        client = await self.open("/ws", "something.else", "charsu.v1")
        self.assertEqual(client.socket.subprotocol, "charsu.v1")
        extensions = [extension.name for extension in client.socket.protocol.extensions]
        self.assertEqual(extensions, [EXTENSION] if EXTENSION else [])

    async def test_a_line_is_acknowledged_then_heard_by_everybody(self):
        ali = await self.member("python-line", "Ali")
        sara = await self.member("python-line", "Sara")
        self.assertEqual((await ali.next())["type"], "join")
        await ali.say(type="say", id=2, room="python-line", text="سلام 👋")
        ack = await ali.next()
        self.assertEqual((ack["type"], ack["id"], ack["seq"]), ("ack", 2, 3))
        for client in (ali, sara):
            message = await client.next()
            self.assertEqual((message["seq"], message["name"], message["text"]), (3, "Ali", "سلام 👋"))

    async def test_a_message_in_fragments_is_one_message_and_a_ping_is_answered(self):
        ali = await self.member("python-fragments", "Ali")
        frame = json.dumps({"type": "say", "id": 2, "room": "python-fragments", "text": "چارسو"}, ensure_ascii=False)
        await ali.socket.send([frame[:9], frame[9:-4], frame[-4:]])
        self.assertEqual((await ali.next())["type"], "ack")
        self.assertEqual((await ali.next())["text"], "چارسو")
        await asyncio.wait_for(await ali.socket.ping(b"are you there"), WITHIN)

    async def test_60_kib_come_back_whole_and_one_character_more_is_refused(self):
        ali = await self.member("python-long", "Ali")
        text = "long " * (LONGEST // 5)
        await ali.say(type="say", id=2, room="python-long", text=text)
        self.assertEqual((await ali.next())["type"], "ack")
        self.assertEqual((await ali.next())["text"], text)
        await ali.say(type="say", id=3, room="python-long", text=text + "!")
        self.assertEqual((await ali.next())["code"], "text_too_long")
        await ali.say(type="ping")
        self.assertEqual(await ali.next(), {"type": "pong"})

    async def test_a_frame_over_the_limit_is_the_end_with_1009(self):
        ali = await self.member("python-huge", "Ali")
        await ali.socket.send("x" * (64 * 1024 + 1))
        self.assertEqual(await ali.closed(), 1009)

    async def test_a_goodbye_is_answered_with_its_own_code(self):
        ali = await self.member("python-goodbye", "Ali")
        await asyncio.wait_for(ali.socket.close(3001, "that is all"), WITHIN)
        self.assertEqual(await ali.closed(), 3001)

    async def test_the_one_segment_dialect_hears_itself_and_the_other_wires(self):
        page = await self.open("/ws/python-one")
        self.assertIsNone(page.socket.subprotocol)
        self.assertEqual(await page.next(), {"type": "system", "message": "A user joined the chat"})
        await page.say(username="User", text="Hi!")
        self.assertEqual(await page.next(), {"type": "message", "username": "User", "text": "Hi!"})
        ali = await self.member("python-one", "Ali")
        self.assertEqual(await page.next(), {"type": "system", "message": "A user joined the chat"})
        await ali.say(type="say", id=2, room="python-one", text="Welcome")
        self.assertEqual(await page.next(), {"type": "message", "username": "Ali", "text": "Welcome"})

    async def test_the_two_segment_dialect_refuses_a_taken_name_and_closes_with_1000(self):
        page = await self.open("/ws/python-two/Ali")
        self.assertEqual(await page.next(), {"type": "users", "users": ["Ali"], "online_users": ["Ali"], "count": 1})
        await page.say(type="message", message="Hi!")
        echo = await page.next()
        self.assertEqual((echo["name"], echo["message"], echo["text"], echo["room"]), ("Ali", "Hi!", "Hi!", "python-two"))
        twin = await self.open("/ws/python-two/ALI")
        self.assertEqual(
            await twin.next(), {"type": "error", "message": "A person with the same name already exists in this room"}
        )
        self.assertEqual(await twin.closed(), 1000)


if __name__ == "__main__":
    unittest.main(verbosity=2)
