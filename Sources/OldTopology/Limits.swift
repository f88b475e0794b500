/// Bounds of the rule against old topologies.
public enum Limits {
    /// A view that was current this short a time ago counts as current: a restart of the store or
    /// an election refuses nobody.
    public static let grace: Duration = .seconds(10)
    /// A confirmation holds for this long.
    public static let confirmationKept: Duration = .seconds(10)
    /// Peers that did not confirm a volume are asked again after this time.
    public static let askEvery: Duration = .seconds(1)
}
