"""The testing kit: scripted parts to test agents against, without a model and without patching anything."""

from journeyman.testing.stopping import StoppingJournal
from journeyman.testing.stub.script import Asked, Call, Drop, HttpError, RawBody, Reply, Rule, Script, Usage, When
from journeyman.testing.stub.server import StubServer
from journeyman.testing.webhook_receiver import HookAnswer, Received, WebhookReceiver

__all__ = [
    "Asked",
    "Call",
    "Drop",
    "HookAnswer",
    "HttpError",
    "RawBody",
    "Received",
    "Reply",
    "Rule",
    "Script",
    "StoppingJournal",
    "StubServer",
    "Usage",
    "WebhookReceiver",
    "When",
]
