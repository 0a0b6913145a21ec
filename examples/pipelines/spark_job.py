"""A PySpark job that feeds memory from a data lake, each partition over its own connection.

    spark-submit examples/pipelines/spark_job.py s3a://lake/notes

The rows have the columns ``id`` and ``text``. A partition that Spark runs again stores nothing
twice: its rows are unchanged by then.
"""

import asyncio
import os
import sys
from collections.abc import Iterable

from pyspark.sql import Row, SparkSession

from journeyman import Client


def feed_partition(rows: Iterable[Row]) -> None:
    asyncio.run(_feed(rows))


async def _feed(rows: Iterable[Row]) -> None:
    async with Client(os.environ["JOURNEYMAN_ADDRESS"], os.environ["JOURNEYMAN_KEY"]) as client:
        for row in rows:
            await client.remember(row["text"], f"note {row['id']}", namespace="notes")


if __name__ == "__main__":
    spark = SparkSession.builder.appName("feed journeyman").getOrCreate()
    spark.read.parquet(sys.argv[1]).select("id", "text").foreachPartition(feed_partition)
