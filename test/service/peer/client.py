"""A client of the Collaboration Service, written from shared/wire/PROTOCOL.md alone: it is how that text is judged.

Needs Debian's python3-jwcrypto and python3-websockets. Numbers in comments are sections of PROTOCOL.md.
"""

import asyncio
import base64
import email.utils
import hashlib
import hmac
import json
import os
import time
from urllib.parse import urlsplit

import websockets
from jwcrypto import jwe, jwk, jws

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def base64url(octets):
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def octets_of(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def hkdf(key, info, length):
    """RFC 5869 with SHA-256 and no salt."""
    extracted = hmac.new(b"\0" * 32, key, hashlib.sha256).digest()
    block, out, count = b"", b"", 1
    while len(out) < length:
        block = hmac.new(extracted, block + info.encode() + bytes([count]), hashlib.sha256).digest()
        out, count = out + block, count + 1
    return out[:length]


def read_code(text):
    """6: device and secret of an enrolment code."""
    device, typed = text.split("/", 1)
    typed = typed.upper().replace("-", "").replace(" ", "")
    typed = typed.replace("I", "1").replace("L", "1").replace("O", "0")
    values = [ALPHABET.index(each) for each in typed]
    secret, check = values[:32], values[32]
    total = 0
    for at, value in enumerate(reversed(secret)):
        product = value * (2 if at % 2 == 0 else 1)
        total += product // 32 + product % 32
    if (-total) % 32 != check or len(values) != 33:
        raise ValueError("the code is mistyped")
    bits = "".join(f"{value:05b}" for value in secret)
    return device, bytes(int(bits[at : at + 8], 2) for at in range(0, 160, 8))


class Refused(Exception):
    """5: the service's no."""

    def __init__(self, frame):
        super().__init__(frame["code"])
        self.frame = frame
        self.code = frame["code"]


class NotOpened(Exception):
    """1: the gateway's own answer to a connection that does not come to be."""

    def __init__(self, status, date):
        super().__init__(status)
        self.status = status
        self.date = date


class Lost(Exception):
    """The connection is gone, or the gateway lost the frame."""


class Device:
    def __init__(self, url, name, key, clock=time.time):
        self.url, self.name, self.key, self.clock = url, name, key, clock
        self.ahead = 0.0
        self.number = 0
        self.socket = None
        self.inbox = []
        self.session, self.last, self.sent = None, 0, 0

    # 1. Opening a connection

    def token(self, **changes):
        parts = urlsplit(self.url)
        now = int(self.clock() + self.ahead)
        claims = {"sub": self.name, "aud": parts.netloc + parts.path, "iat": now, "exp": now + 60, **changes}
        header = json.dumps({"alg": "HS256", "kid": self.name})
        signed = jws.JWS(json.dumps(claims))
        key = jwk.JWK(kty="oct", k=base64url(hkdf(self.key, "device token", 32)))
        signed.add_signature(key, None, header)
        return signed.serialize(compact=True)

    async def open(self, **changes):
        try:
            address = f"{self.url}?token={self.token(**changes)}"
            self.socket = await websockets.connect(address, max_size=2**20, ping_interval=None)
        except websockets.exceptions.InvalidStatusCode as refused:
            raise NotOpened(refused.status_code, refused.headers.get("Date")) from None

    async def open_by_their_clock(self):
        """A device that gets no connection compares the answer's Date with its clock."""
        try:
            await self.open()
        except NotOpened as refused:
            there = email.utils.parsedate_to_datetime(refused.date).timestamp()
            self.ahead = there - self.clock()
            await self.open()

    def cut(self):
        """As a phone that is out of coverage: without a word."""
        self.socket.transport.abort()

    # 2. Frames

    def next_number(self, above=0):
        self.number = max(self.number + 1, above + 1, int(self.clock() * 1000))
        return self.number

    def seal(self, action, plaintext, number, **changes):
        header = {"alg": "A256KW", "enc": "A256GCM", "zip": "DEF", "kid": self.name, "dir": "up", "act": action}
        header.update({"num": number, **changes})
        sealed = jwe.JWE(plaintext, protected=json.dumps(header))
        sealed.add_recipient(jwk.JWK(kty="oct", k=base64url(self.key)))
        return json.dumps({"action": action, "frame": sealed.serialize(compact=True)})

    async def message(self):
        """The next frame from the service: its header and what is in it."""
        while True:
            try:
                text = await asyncio.wait_for(self.socket.recv(), 30)
            except websockets.exceptions.ConnectionClosed as closed:
                raise Lost(str(closed)) from None
            if text == "":
                continue
            message = json.loads(text)
            if "frame" not in message:
                raise Lost(message.get("message"))
            opened = jwe.JWE(algs=["A256KW", "A256GCM"])
            opened.deserialize(message["frame"], jwk.JWK(kty="oct", k=base64url(self.key)))
            header = json.loads(opened.objects["protected"])
            if header["kid"] == self.name and header["dir"] == "down":
                return header, json.loads(opened.payload.decode("utf-8"))

    async def ask(self, frame, number=None):
        """One frame at a time: sends, takes what comes unasked, and returns the answer."""
        number = self.next_number() if number is None else number
        await self.socket.send(self.seal(frame["type"], json.dumps(frame).encode(), number))
        return await self.answer(frame["type"], number)

    async def answer(self, action, number):
        while True:
            header, frame = await self.message()
            if header["act"] == "push" and frame["type"] != "refused":
                self.take(frame, polled=False)
            elif header["act"] == action and header["num"] in (number, 0):
                if frame["type"] == "refused":
                    raise Refused(frame)
                return frame

    # 3 and 4

    async def enroll(self, claim):
        frame = await self.ask({"type": "enroll", "claim": claim})
        assert frame["type"] == "enrolled", frame
        return frame

    async def log_in(self, user, password):
        frame = await self.ask({"type": "login", "user": user, "password": password, "availability": "available"})
        assert frame["type"] == "accepted", frame
        self.session, self.last, self.sent = frame["session"], 0, 0
        for batch in frame["batches"]:
            self.last = batch["seq"]
            self.inbox += batch["events"]
        return frame

    async def send(self, command, again=False, number=None):
        if number is None:
            number = self.sent if again else self.sent + 1
        frame = {"type": "send", "session": self.session, "number": number, "ack": self.last, "command": command}
        answer = await self.ask(frame)
        self.sent = max(self.sent, number)
        return answer

    async def poll(self):
        recovered = True
        while True:
            frame = await self.ask({"type": "poll", "session": self.session, "after": self.last})
            self.take(frame, polled=True)
            recovered = recovered and frame["recovered"]
            if not frame["more"]:
                return recovered

    async def status(self, answer=True):
        frame = {"type": "status", "session": self.session, "ack": self.last, "active": True, "answer": answer}
        if answer:
            return await self.ask(frame)
        await self.socket.send(self.seal("status", json.dumps(frame).encode(), self.next_number()))

    async def log_out(self):
        return await self.ask({"type": "logout", "session": self.session})

    def take(self, frame, polled):
        """4: the rules of `last`. What is missing is fetched by the next poll."""
        if frame["type"] != "events":
            self.inbox.append(frame)
            return
        if frame["session"] != self.session:
            return
        for at, batch in enumerate(frame["batches"]):
            first, seq = batch.get("first", batch["seq"]), batch["seq"]
            wherever = polled and at == 0 and not frame["recovered"] and seq > self.last
            if first == self.last + 1 or wherever:
                self.last = seq
                self.inbox += batch["events"]

    async def until(self, wanted):
        """Waits for an event, in the order in which they come, and takes it."""
        while True:
            for at, event in enumerate(self.inbox):
                if wanted(event):
                    return self.inbox.pop(at)
            header, frame = await self.message()
            assert header["act"] == "push", frame
            before = self.last
            self.take(frame, polled=False)
            if frame["type"] == "events" and self.last == before:
                await self.poll()


async def enrolled(url, code, clock=time.time):
    """6: redeems a code. Returns the device, with its own key, and what asks again with the same claim."""
    name, secret = read_code(code)
    code_id = base64url(hkdf(secret, f"enrolment id {name}", 9))
    code_key = hkdf(secret, f"enrolment key {name}", 32)
    claim = base64url(os.urandom(24))
    claim_name = base64url(hashlib.sha256(claim.encode()).digest()[:12])

    redeemer = Device(url, f"{name}/{code_id}/{claim_name}", code_key, clock)

    async def redeem():
        await redeemer.open_by_their_clock()
        frame = await redeemer.enroll(claim)
        await redeemer.socket.close()
        return frame

    frame = await redeem()
    device = Device(url, frame["device"], octets_of(frame["transportKey"]), clock)
    device.ahead = redeemer.ahead
    return device, frame, redeem
