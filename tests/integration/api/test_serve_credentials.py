"""Credentials over REST: set, named, removed, and never read back."""

from api.principals import Role
from tests.integration.api.served_api import Api

SECRET = "swordfish-12345"


async def test_a_user_sees_to_their_own_and_nothing_gives_a_value_back(api: Api) -> None:
    ada = (await api.keys.create("laptop", user="ada", roles=[Role.SUBMITTER])).key
    async with api.connect(ada) as client:
        put = await client.put("/v1/credentials/CRM_TOKEN", json={"value": SECRET})
        assert (put.status_code, put.json()["user"]) == (200, "ada")
        listed = await client.get("/v1/credentials")
        assert [c["name"] for c in listed.json()["credentials"]] == ["CRM_TOKEN"]
        assert SECRET not in put.text + listed.text
        assert (await client.get("/v1/credentials/CRM_TOKEN")).status_code == 405
        for other in ("get", "delete"):
            path = "/v1/credentials" if other == "get" else "/v1/credentials/CRM_TOKEN"
            assert (await client.request(other, f"{path}?user=bob")).status_code == 403
        assert (await client.put("/v1/credentials/X?user=bob", json={"value": "x"})).status_code == 403
    assert (await api.client.get("/v1/credentials")).json()["credentials"] == []
    assert len((await api.client.get("/v1/credentials?user=ada")).json()["credentials"]) == 1
    acts = (await api.client.get("/v1/audit?act=credential")).json()["entries"]
    assert [(a["act"], a["actor"], a["target"]) for a in acts] == [("credential.set", "ada", "CRM_TOKEN")]
    assert SECRET not in str(acts)
    assert (await api.client.delete("/v1/credentials/CRM_TOKEN?user=ada")).status_code == 204
    assert (await api.client.delete("/v1/credentials/CRM_TOKEN?user=ada")).status_code == 404


async def test_a_mistake_does_not_repeat_the_value(api: Api) -> None:
    for body in ({"value": SECRET, "extra": 1}, {"value": [SECRET]}, {"valeu": SECRET}, SECRET):
        refused = await api.client.put("/v1/credentials/CRM_TOKEN", json=body)
        assert refused.status_code == 422
        assert SECRET not in refused.text
    assert (await api.client.put("/v1/credentials/not%20a%20name", json={"value": SECRET})).status_code == 422
