"""Apache Spark SQL through its Thrift server: ``spark://user@host:port/schema?auth=NOSASL``.

Further settings in the URL: ``kerberos_service_name`` where ``auth`` is KERBEROS, and ``staging``,
a folder that both this machine and Spark reach (``/mnt/stage``, ``s3://bucket/stage``): a load
hands its rows over there as Parquet, which is far quicker than in statements. PyHive is needed, and
only where such a URL is named (docs/scale.md).
"""

from __future__ import annotations

from sqlalchemy.dialects import registry

from data.dialects.spark import functions as functions  # registers what Spark spells otherwise
from data.dialects.spark.engine import SPARK as SPARK

for name in ("spark", "spark.pyhive"):
    registry.register(name, "data.dialects.spark.sql", "SparkDialect")
