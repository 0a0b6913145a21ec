"""Every error the rooms can raise has a status of its own choosing, and none tells more than it should."""

import json

import pytest

from api.problems import MEDIA_TYPE, Fault, respond
from journal import errors
from journal.errors import JourneymanError
from memory.errors import MemoryBusy, UnreadableDocument

EXPECTED = {
    errors.NotFound: 404,
    errors.NotAllowed: 403,
    errors.Conflict: 409,
    errors.ThreadBusy: 409,
    MemoryBusy: 409,
    errors.InvalidInput: 422,
    UnreadableDocument: 422,
    errors.ConfigurationError: 500,
    errors.StaleLease: 503,
    errors.StorageError: 500,
    errors.StorageFull: 507,
    errors.StorageContended: 503,
    errors.StorageUnavailable: 503,
    errors.SchemaTooNew: 503,
    JourneymanError: 500,
}


@pytest.mark.parametrize(("kind", "status"), EXPECTED.items())
def test_each_error_has_its_status(kind: type[JourneymanError], status: int) -> None:
    response = respond(kind("It went wrong.", hint="Mend it."))
    document = json.loads(bytes(response.body))
    assert response.status_code == status == document["status"]
    assert response.media_type == MEDIA_TYPE
    assert document["type"].startswith("urn:journeyman:problem:")
    assert document["title"] != "Error"
    assert document["hint"] == "Mend it."
    assert ("retry-after" in response.headers) == (status == 503)


def test_the_table_covers_every_error_of_the_journal() -> None:
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, JourneymanError)}
    assert kinds <= EXPECTED.keys()


@pytest.mark.parametrize("kind", [kind for kind in EXPECTED if issubclass(kind, errors.StorageError)])
def test_storage_errors_name_the_database_in_the_log_alone(
    kind: type[JourneymanError], caplog: pytest.LogCaptureFixture
) -> None:
    assert b"journal.db" not in bytes(respond(kind("The database /home/me/journal.db is locked.")).body)
    assert "/home/me/journal.db" in caplog.text


def test_an_unexpected_exception_says_nothing_of_what_happened() -> None:
    response = respond(ValueError("the secret is swordfish"), request_id="abc")
    document = json.loads(bytes(response.body))
    assert document["status"] == 500
    assert document["request_id"] == "abc"
    assert "swordfish" not in bytes(response.body).decode()


def test_a_fault_carries_its_headers() -> None:
    response = respond(Fault(401, "Who are you?", headers={"www-authenticate": "Bearer"}))
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
