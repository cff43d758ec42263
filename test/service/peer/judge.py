"""Plays what PROTOCOL.md promises, by a client that was written from it. One line for each thing that held; a failure ends it.

Asks for one JSON object on its input: url, ann and bob, each with code, user and password; used, a code that was redeemed.
"""

import asyncio
import json
import sys
import time

from client import Device, Lost, NotOpened, Refused, enrolled

ASKED = json.load(sys.stdin)
URL = ASKED["url"]
BOB, ANN = "sip:bob@contoso.test", "sip:ann@contoso.test"


def held(words):
    print(words, flush=True)


def is_event(kind, **members):
    return lambda event: event.get("kind") == kind and all(event.get(name) == value for name, value in members.items())


async def refused(awaitable, code, step, **members):
    try:
        answer = await awaitable
    except Refused as no:
        frame = no.frame
        assert (frame["code"], frame["next"]) == (code, step), frame
        for name, value in members.items():
            assert frame.get(name) == value, frame
        return frame
    raise AssertionError(f"{code} was expected, and {answer} came")


async def not_opened(device, status, **changes):
    try:
        await device.open(**changes)
    except NotOpened as no:
        assert no.status == status, no
        assert no.date, "the answer has no Date"
        return
    raise AssertionError(f"{status} was expected, and the connection opened")


async def enrolling():
    ann, frame, again = await enrolled(URL, ASKED["ann"]["code"])
    assert frame["user"] == ASKED["ann"]["user"], frame
    held("a device enrols by its code")
    assert await again() == frame
    held("the same claim gets the same key again")
    bob, _, _ = await enrolled(URL, ASKED["bob"]["code"].lower(), lambda: time.time() + 600)
    assert abs(bob.ahead + 600) < 5, bob.ahead
    held("a clock that is ten minutes off learns the time from the answer's Date, and enrols")
    try:
        await enrolled(URL, ASKED["used"])
    except NotOpened as no:
        assert no.status == 401
        held("a code that was used opens no connection: 401")
    return ann, bob


async def tokens(ann):
    now = int(time.time())
    await not_opened(ann, 401, iat=now + 32, exp=now + 92)
    await not_opened(ann, 401, iat=now - 91, exp=now - 31)
    await not_opened(ann, 401, aud="elsewhere/live")
    await not_opened(ann, 401, exp=now + 90)
    await not_opened(Device(URL, "nobody", ann.key), 401)
    held("a token that is ahead by more than 30 s, over, for another stage, too long or of an unknown device opens no connection")
    for at in (now + 28, now - 80):
        await ann.open(iat=at, exp=at + 60)
        await ann.socket.close()
    held("a token is good 30 s ahead of time, and 30 s longer than it lives")


async def logging_in(ann, bob):
    await ann.open_by_their_clock()
    user, password = ASKED["ann"]["user"], ASKED["ann"]["password"]
    await refused(ann.log_in(user, "wrong"), "bad-credentials", "ask-user")
    await refused(ann.log_in(user + "\u200b", password), "bad-frame", "fix")
    await refused(ann.log_in("CONTOSO\\nobody", password), "not-permitted", "ask-user")
    held("a login is refused: wrong password, an invisible letter, a user who may not")
    accepted = await ann.log_in(user, password)
    assert accepted["uri"] == ANN, accepted
    assert accepted["statusIntervalMs"] > 0 and accepted["steps"], accepted
    forgotten = await ann.ask({"type": "poll", "session": ann.session, "after": 0})
    front = forgotten["batches"][0]
    assert not forgotten["recovered"], forgotten
    assert (front.get("first", front["seq"]), front["seq"], front["events"]) == (1, accepted["batches"][-1]["seq"], []), forgotten
    held("a device that forgot the events of its login gets an empty batch in their place")
    await bob.open_by_their_clock()
    await bob.log_in(ASKED["bob"]["user"], ASKED["bob"]["password"])
    held("two devices log in")


async def chatting(ann, bob):
    started = await ann.send({"kind": "start", "to": [BOB], "text": "Lunch? ☃ 🌍", "subject": "noon"})
    invitation = await bob.until(is_event("invitation", text="Lunch? ☃ 🌍", subject="noon"))
    assert invitation["from"] == ANN, invitation
    await bob.send({"kind": "accept", "conversation": invitation["conversation"]})
    await ann.until(is_event("conversation", conversation=started["conversation"], state="connected"))
    await bob.until(is_event("conversation", conversation=invitation["conversation"], state="connected"))
    await bob.send({"kind": "typing", "conversation": invitation["conversation"], "typing": True})
    await ann.until(is_event("typing", typing=True))
    await bob.send({"kind": "message", "conversation": invitation["conversation"], "text": "Gladly"})
    await ann.until(is_event("message", text="Gladly", **{"from": BOB}))
    await bob.until(is_event("delivered", number=bob.sent))
    held("they talk: start, invitation, accept, typing, message, delivered")
    return started["conversation"], invitation["conversation"]


async def repeating(ann, talk):
    command = {"kind": "message", "conversation": talk, "text": "once"}
    first = await ann.send(command)
    assert await ann.send(command, again=True) == first
    held("a send under the same number is answered again, and done once")
    low = await refused(ann.send(command, number=1), "out-of-order", "retry")
    assert "retryAfterMs" not in low and f"the next is {ann.sent + 1}" in low["reason"], low
    high = await refused(ann.send(command, number=ann.sent + 2), "out-of-order", "retry")
    assert "retryAfterMs" not in high and f"the next is {ann.sent + 1}" in high["reason"], high
    held("a number that is too low or too high is refused with the right one")


async def being_cut(ann, bob, talk):
    bob.cut()
    texts = [f"while you were away {at}" for at in range(3)]
    for text in texts:
        await ann.send({"kind": "message", "conversation": talk, "text": text})
    await bob.open()
    assert await bob.poll(), "something was lost"
    seen = []
    while len(seen) < len(texts):
        event = await bob.until(lambda event: event.get("kind") == "message" and event["text"] != "once")
        seen.append(event["text"])
    assert seen == texts, seen
    await bob.until(is_event("message", text="once"))
    assert not [event for event in bob.inbox if event.get("kind") == "message"], bob.inbox
    held("a device that was cut resumes, and gets each message once, in order")
    await bob.status(answer=False)
    assert (await bob.status())["type"] == "heard"
    held("a status that wants no answer has none, and one that does is heard")


async def refusing(ann):
    session, used = ann.session, ann.number
    status = {"type": "status", "session": session, "ack": ann.last, "active": True, "answer": True}
    replayed = await refused(ann.ask(status, number=used), "replayed", "retry")
    assert replayed["heard"] >= used, replayed
    held("a number that was used is replayed, and says which was heard")

    async def raw(message, act, num, code):
        await ann.socket.send(message)
        while True:
            header, frame = await ann.message()
            if frame["type"] == "refused":
                break
            ann.take(frame, polled=False)
        assert (header["act"], header["num"], frame["code"]) == (act, num, code), (header, frame)

    async def plain(plaintext, code, **changes):
        number = ann.next_number()
        is_opened = code != "not-for-you"
        await raw(ann.seal("status", plaintext, number, **changes), "status", number if is_opened else 0, code)

    text = json.dumps(status)
    await raw('{"action":"dance"}', "push", 0, "unknown-action")
    await raw('{"frame":"x"}', "push", 0, "unknown-action")
    await raw("not JSON", "push", 0, "bad-frame")
    await raw('{"action":"status"}', "status", 0, "bad-frame")
    held("a message that has no place is refused as push and 0, or as its action and 0")
    await plain(b"\xef\xbb\xbf" + text.encode(), "bad-frame")
    await plain(text.replace("{", '{"ack":0,', 1).encode(), "bad-frame")
    await plain(text.replace("}", ',"x":' + "[" * 8 + "]" * 8 + "}").encode(), "bad-frame")
    await plain(text.replace("}", ',"x":1}').encode(), "bad-frame")
    await plain(json.dumps({**status, "ack": -1}).encode(), "bad-frame")
    await plain(json.dumps({**status, "ack": 2**53}).encode(), "bad-frame")
    held("a byte order mark, a member twice, depth, an unknown member and a number out of range are bad-frame")
    await plain(text.encode("utf-16"), "not-for-you")
    await plain(text.encode(), "not-for-you", kid="bob-peer")
    await plain(text.encode(), "not-for-you", dir="down")
    await plain(text.encode(), "not-for-you", act="poll")
    await plain(text.encode(), "not-for-you", num=2**53)
    held("what is not UTF-8, or bound to another device, direction, action or number is not-for-you")
    await refused(ann.ask({**status, "session": "0-AAAAAAAAAAAAAAAA"}), "session-gone", "login")
    held("a session that was never opened is gone")


async def leaving(ann, bob):
    other = Device(URL, ann.name, ann.key)
    other.number = ann.number
    await other.open()
    await other.log_in(ASKED["ann"]["user"], ASKED["ann"]["password"])
    ended = await ann.until(lambda frame: frame.get("type") == "ended")
    assert (ended["session"], ended["code"], ended["next"]) == (ann.session, "replaced", "login"), ended
    held("another login of the device ends the session, and the service says so unasked")
    assert (await other.log_out())["type"] == "bye"
    await refused(other.status(), "session-gone", "login")
    held("a session that was logged out is gone")
    await bob.socket.send("x" * 40_000)
    try:
        while True:
            await bob.message()
    except Lost:
        assert bob.socket.close_code == 1009, bob.socket.close_code
        held("a message that is too large closes the connection with 1009")


async def main():
    ann, bob = await enrolling()
    await tokens(ann)
    await logging_in(ann, bob)
    talk, _ = await chatting(ann, bob)
    await repeating(ann, talk)
    await being_cut(ann, bob, talk)
    await refusing(ann)
    await leaving(ann, bob)


asyncio.run(main())
