"""One Spark with two executors for the test run: ``TEST_SPARK_URL``, else one from a wheel.

It is a real cluster in small: a driver with the Thrift server and two executors, each a process of
its own (``local-cluster``), which exchange what they compute. It takes about half a minute to start
and 3 GB of memory.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy.engine import URL, make_url

from tests.spark_ending import ends_with_us

PATIENCE_SECONDS = 240
JAVA_NEEDED = 17
NO_JAVA = (
    f"Spark needs Java {JAVA_NEEDED} or newer, and there is none (apt-get install "
    "openjdk-17-jre-headless, or set JAVA_HOME)"
)
CONFIGURATION = {
    "spark.sql.session.timeZone": "America/New_York",  # every connection asks for UTC itself
    "spark.sql.catalogImplementation": "in-memory",
    "spark.executor.memory": "1g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.log.level": "WARN",  # a statement is some hundred lines of INFO
    # What the user interface would show of past statements is kept even where there is none.
    "spark.ui.retainedJobs": "10",
    "spark.ui.retainedStages": "10",
    "spark.ui.retainedTasks": "100",
    "spark.sql.ui.retainedExecutions": "10",
    "spark.sql.thriftserver.ui.retainedStatements": "10",
    "spark.sql.thriftserver.ui.retainedSessions": "10",
    # The tables of tests are small: two parts are enough to make both executors work.
    "spark.sql.shuffle.partitions": "2",
    # A handful of rows is read in one part, by whichever of the two is free.
    "spark.sql.leafNodeDefaultParallelism": "1",
    "spark.locality.wait": "0s",
    # Nor is a statement on a few rows worth being compiled to Java, or planned anew on its way.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.adaptive.enabled": "false",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


@cache
def server_url() -> str:
    """A ``spark://`` URL without a schema. Skips the test, with the reason, where Java is missing;
    fails it where Spark does not start."""
    named = os.environ.get("TEST_SPARK_URL")
    if named:
        return named
    if not has_java():
        pytest.skip(reason=NO_JAVA)
    return _start()


def has_java() -> bool:
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else shutil.which("java")
    if not java:
        return False
    try:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60)
    except OSError:
        return False
    version = told.stderr.partition('version "')[2].split(".")[0].strip('"')
    return version.isdigit() and int(version) >= JAVA_NEEDED


def _start() -> str:
    spec = importlib.util.find_spec("pyspark")
    if spec is None or spec.origin is None:
        pytest.fail(
            "pyspark is not installed: pip install -r requirements-spark.txt", pytrace=False
        )
    home = Path(spec.origin).parent
    # A folder of its own, with a short path and room for what the executors spill.
    folder = Path(tempfile.mkdtemp(prefix="scorecard-spark-"))
    port = _free_port()
    options = {**CONFIGURATION, "spark.sql.warehouse.dir": str(folder / "warehouse")}
    hive = {
        "hive.server2.thrift.port": str(port),
        "hive.server2.thrift.bind.host": "127.0.0.1",
        "hive.server2.authentication": "NOSASL",
        # Its place is one for all servers of a user, and is removed by the first that ends.
        "hive.server2.logging.operation.enabled": "false",
    }
    command = [
        str(home / "bin" / "spark-submit"), "--master", "local-cluster[2,1,1536]",
        # Planning takes most of the time, each plan once: compiling Java thoroughly does not pay;
        # room for all that is made on the way and soon forgotten does.
        "--driver-memory", "2g",
        "--driver-java-options", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xms1g -Xmn700m",
        *(part for pair in options.items() for part in ("--conf", "=".join(pair))),
        "--class", "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2",
        "--name", "scorecard-tests", "spark-internal",
        *(part for pair in hive.items() for part in ("--hiveconf", "=".join(pair))),
    ]  # fmt: skip
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "SPARK_WORKER_DIR": str(folder / "work"),
    }
    log = folder / "log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=stream, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    atexit.register(_stop, process, ends_with_us(process.pid, folder))
    until = time.monotonic() + PATIENCE_SECONDS
    while not _answers(port):
        if process.poll() is not None or time.monotonic() > until:
            last = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
            pytest.fail(f"Spark did not start:\n{last}", pytrace=False)
        time.sleep(0.2)
    return URL.create(
        "spark", host="127.0.0.1", port=port, query={"auth": "NOSASL"}
    ).render_as_string()


def _stop(process: subprocess.Popen[bytes], watcher: subprocess.Popen[bytes]) -> None:
    # The executors are in the server's own process group.
    watcher.communicate()
    process.wait()


def executors() -> list[int]:
    """The process ids of the running executors of the server that this run has started."""
    port = make_url(server_url()).port
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
            group = os.getpgid(int(entry.name))
            leader = Path(f"/proc/{group}/cmdline").read_bytes()
        except OSError:
            continue
        is_executor = b"CoarseGrainedExecutorBackend" in command
        if is_executor and f"hive.server2.thrift.port={port}".encode() in leader:
            found.append(int(entry.name))
    return sorted(found)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
