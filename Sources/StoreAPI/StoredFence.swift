public import GlusterModel

/// `txns/fences/<peer>/<volume>`: a change of the volume's topology was made though the peer was
/// out of reach, since somebody said that no client would get anything from it. Its gd2-brickd
/// removes the record when it has seen the change (decision 0043).
public struct StoredFence: Hashable, Sendable, Codable {
    public var schema = 1
    public var volume: VolumeID
    /// The volume's name then.
    public var name: VolumeName
    /// What the peer has to have seen, or a later one.
    public var generation: Int
    /// Who said it, and the job that made the change.
    public var by: String
    public var job: JobID
    /// Unix time of the node that wrote it.
    public var sinceMs: Int64

    public init(
        volume: VolumeID, name: VolumeName, generation: Int, by: String, job: JobID, sinceMs: Int64
    ) {
        self.volume = volume
        self.name = name
        self.generation = generation
        self.by = by
        self.job = job
        self.sinceMs = sinceMs
    }
}
