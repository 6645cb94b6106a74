"""Print a folder that serves as KAFKA_HOME: Apache Kafka and what it needs, resolved by Maven, in libs/.

Kept in .cache/ from run to run. Needs `mvn` and Java 17.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

VERSION = "4.3.1"
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
CACHE = Path(__file__).resolve().parent.parent / ".cache"
POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>kafka</groupId>
  <artifactId>distribution</artifactId>
  <version>{version}</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>{version}</version>
    </dependency>
    <dependency><!-- so that a broker that does not start can say why -->
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
"""


def kafka_home() -> Path:
    """The folder, filled now unless a run before did it. Two runs at once do no harm."""
    home = CACHE / f"kafka-{VERSION}"
    if home.exists():
        return home
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="kafka-") as scratch:
        resolve(Path(scratch))
        try:
            Path(scratch, "home").rename(home)
        except OSError:
            if not home.exists():
                raise
    return home


def resolve(folder: Path) -> None:
    (folder / "pom.xml").write_text(POM.format(version=VERSION), encoding="utf-8")
    maven = ["mvn", "--batch-mode", "--quiet", PLUGIN, "-DincludeScope=runtime"]
    command = [*maven, f"-DoutputDirectory={folder / 'home' / 'libs'}"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


if __name__ == "__main__":
    if missing := [program for program in ("mvn", "java") if shutil.which(program) is None]:
        sys.exit(f"Error: {' and '.join(missing)} not found: install Maven and Java 17")
    try:
        print(kafka_home())
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error.stdout}\nError: Maven could not resolve Apache Kafka {VERSION}")
