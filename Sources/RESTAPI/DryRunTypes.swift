/// The answer to a change with `?dry-run=true`: what it would do to the present state. Not in GD2.
public struct DryRunInfo: Hashable, Sendable, Codable {
    /// Empty: nothing would change.
    public var changes: [PendingChange]
    /// What only the change itself can find out, or what follows it.
    public var notes: [String]

    public init(changes: [PendingChange], notes: [String] = []) {
        self.changes = changes
        self.notes = notes
    }
}

/// One thing that a change would do.
public struct PendingChange: Hashable, Sendable, Codable {
    public enum Action: String, Hashable, Sendable, Codable {
        case create, delete, start, stop, set, reset
        /// A node becomes a peer.
        case add
        /// The store goes on with one node.
        case recover
        /// A directory is marked as a brick.
        case prepare
        /// The marks of a brick are taken away; its files stay.
        case release
        /// A node counts as one that gives no client anything, until it has seen the change.
        case fence
        /// A job is undone, or what it waits for is waited for no more.
        case cancel
    }

    public var action: Action
    /// `volume/NAME`, `brick/PEER:/PATH`, `group/NAME`, `option/KEY`, `peer/NAME`,
    /// `job/ID`, `token/ID`, `token`, `code`, `snapshot`, `cluster`.
    public var object: String
    /// The whole of it as a sentence.
    public var text: String
    /// What it is now, where it has a value.
    public var from: String?
    /// What it would be.
    public var to: String?

    public init(
        _ action: Action, _ object: String, _ text: String, from: String? = nil, to: String? = nil
    ) {
        self.action = action
        self.object = object
        self.text = text
        self.from = from
        self.to = to
    }
}

/// The query parameter of a change that is only to be tried.
public let dryRunParameter = "dry-run"
