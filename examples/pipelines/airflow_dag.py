"""An Airflow DAG that feeds a table to memory each night, over REST. Put it into Airflow's ``dags`` folder.

``JOURNEYMAN_ADDRESS`` and ``JOURNEYMAN_KEY`` (of a submitter) are variables of the workers.
A task that is tried again stores nothing twice.
"""

import os
from datetime import datetime

from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.sdk import dag, task

from journeyman import Client


@dag(schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False, tags=["journeyman"])
def feed_berths():
    @task(retries=3)
    def feed() -> dict[str, int]:
        import asyncio

        return asyncio.run(_feed(PostgresHook("harbour").get_records("SELECT id, depth, state FROM berths")))

    feed()


async def _feed(rows: list[tuple[object, ...]]) -> dict[str, int]:
    total = {"added": 0, "unchanged": 0}
    async with Client(os.environ["JOURNEYMAN_ADDRESS"], os.environ["JOURNEYMAN_KEY"]) as client:
        for number, depth, state in rows:
            text = f"Berth {number} is {depth} deep and {state}."
            done = await client.remember(text, f"berth {number}", namespace="berths")
            total = {name: total[name] + done[name] for name in total}
    return total


feed_berths()
