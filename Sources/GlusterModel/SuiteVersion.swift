/// The version of the suite: what every program says with `--version`.
public let suiteVersion = "0.1.0"

/// 2026-09-01, in seconds since 1970. The suite is younger: a clock before this is wrong.
public let suiteBegan: Int64 = 1_788_220_800
