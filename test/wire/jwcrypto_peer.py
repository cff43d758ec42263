"""The other side of interoperability.test.ts: jwcrypto does what it is asked, one JSON object a line, one answer a line."""

import json
import sys

from jwcrypto import jwe, jwk, jws

for line in sys.stdin:
    asked = json.loads(line)
    key = jwk.JWK(kty="oct", k=asked["key"])
    if asked["do"] == "seal":
        made = jwe.JWE(asked["text"].encode(), protected=asked["header"])
        made.add_recipient(key)
        answer = made.serialize(compact=True)
    elif asked["do"] == "open":
        read = jwe.JWE(algs=["A256KW", "A256GCM"])
        read.deserialize(asked["frame"], key)
        answer = read.payload.decode()
    elif asked["do"] == "sign":
        made = jws.JWS(asked["claims"])
        made.add_signature(key, None, asked["header"])
        answer = made.serialize(compact=True)
    else:
        read = jws.JWS()
        read.allowed_algs = ["HS256"]
        read.deserialize(asked["token"], key)
        answer = read.payload.decode()
    print(json.dumps(answer), flush=True)
