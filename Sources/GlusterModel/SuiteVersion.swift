/// The version of the suite: what every program says with `--version`.
public let suiteVersion = "0.1.0"
