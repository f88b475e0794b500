/// Bounds of reading the xlators. The largest of GlusterFS 10.3 has 50 options in 30 KB.
public enum Limits {
    static let filesMax = 512
    static let optionsPerXlator = 512
    static let valuesPerOption = 64
    static let stringBytes = 8 << 10
    /// What one xlator may come to, as JSON.
    static let xlatorBytes = 512 << 10
    /// What all of them may come to, as JSON.
    public static let tableBytes = 4 << 20
    static let failureTextBytes = 500
    /// One xlator is loaded and read within this time, and this much CPU time and memory.
    public static let xlatorTime: Duration = .seconds(3)
    static let xlatorCPUSeconds: UInt32 = 2
    static let xlatorMemoryBytes: UInt64 = 2 << 30
    /// After this time the rest is not read.
    static let folderTime: Duration = .seconds(20)
    /// The helper is ended after this time.
    public static let helperTime: Duration = .seconds(30)
    /// The tables' files are looked at this often, for an update of GlusterFS.
    public static let lookEvery: Duration = .seconds(60)
    /// The same files are tried this often, then left until they change.
    public static let tries = 3
}
