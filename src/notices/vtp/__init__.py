"""VOEvent Transport Protocol (IVOA Note, Allan & Denny 2009), as Comet and GCN speak it, over asyncio.

    subscriber = Subscriber("127.0.0.1", 8099, "ivo://org.example/pyros", on_notice, clock)
    await subscriber.run()                                  # until cancelled; reconnects by itself
    receipt = await send("127.0.0.1", 8098, raw, timeout_s=10)

TCP; each message is a 4-byte big-endian length and XML. Author to broker (8098): one VOEvent, answered ack or nak.
Broker to subscriber (8099): VOEvents, each acknowledged, and `iamalive` every 60 s, echoed.
"""

from notices.vtp.author import Receipt, send, send_blocking
from notices.vtp.broker import Broker
from notices.vtp.frames import FrameError, encode_frame, read_frame
from notices.vtp.messages import Event, TransportMessage, VtpError, read_message
from notices.vtp.subscriber import OnNotice, Subscriber, SubscriberHealth

__all__ = [
    "Broker",
    "Event",
    "FrameError",
    "OnNotice",
    "Receipt",
    "Subscriber",
    "SubscriberHealth",
    "TransportMessage",
    "VtpError",
    "encode_frame",
    "read_frame",
    "read_message",
    "send",
    "send_blocking",
]
