"""Reads reports (JSON list of base64) from standard input with Python's own parser; says what it found, as JSON."""
import base64, email, email.policy, json, sys


def read(encoded):
    message = email.message_from_bytes(base64.b64decode(encoded), policy=email.policy.default)
    parts = list(message.iter_parts())
    status = parts[1]
    groups = status.get_payload()
    if status.get_content_type() == "message/global-delivery-status":  # Python knows no more of it than of a message
        blocks = base64.b64decode(encoded).split(b"\r\n--" + message.get_boundary().encode())[2]
        text = blocks.split(b"\r\n\r\n", 1)[1]
        groups = [email.message_from_bytes(one, policy=email.policy.SMTPUTF8) for one in text.split(b"\r\n\r\n")]
    return {
        "type": message.get_content_type(),
        "reportType": message.get_param("report-type"),
        "subject": message["Subject"],
        "autoSubmitted": message["Auto-Submitted"],
        "types": [part.get_content_type() for part in parts],
        "words": parts[0].get_content(),
        "message": dict(groups[0].items()),
        "recipients": [dict(one.items()) for one in groups[1:] if one.items()],
        "defects": [type(one).__name__ for part in message.walk() for one in part.defects]
        + [type(one).__name__ for value in message.values() for one in value.defects],
    }


json.dump([read(one) for one in json.load(sys.stdin)], sys.stdout)
