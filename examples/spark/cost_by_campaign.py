"""What calls cost by campaign, from the files of `earshot export`.

    spark-submit cost_by_campaign.py warehouse

One JSON line a campaign, the dearest first: its calls, those without any cost, and the sum in USD with all its places, as
PostgreSQL adds it up. `null` is the calls of no campaign, and the sum of calls none of which has a cost.
"""

import json
import sys

from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as f


def latest(calls):
    """Of each call the version that was finalized last: files are only added to."""
    newest_first = Window.partitionBy("tenant", "call_id").orderBy(f.desc("finalized_at"))
    numbered = calls.withColumn("version", f.row_number().over(newest_first))
    return numbered.where("version = 1").drop("version")


def cost_by_campaign(calls):
    return (
        latest(calls)
        .groupBy("campaign_id")
        .agg(
            f.count("*").alias("calls"),
            f.sum(f.col("cost_total").isNull().cast("int")).alias("without_cost"),
            # decimal(38, 20): no digit is lost.
            f.sum("cost_total").alias("cost"),
        )
        .orderBy(f.desc_nulls_last("cost"), f.asc_nulls_last("campaign_id"))
    )


def main(folder):
    spark = SparkSession.builder.appName("earshot cost by campaign").getOrCreate()
    # Files of a later version can have more columns.
    calls = spark.read.option("mergeSchema", "true").parquet(f"{folder}/call_metrics")
    for row in cost_by_campaign(calls).toLocalIterator():
        cost = None if row["cost"] is None else format(row["cost"], "f")
        print(json.dumps({**row.asDict(), "cost": cost}))
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1])
