/// The bounds of what goes into and out of the store.
public enum Limits {
    /// Bricks in one record: about 200 bytes each, so a record stays below 32 KiB.
    public static let bricksPerRecord = 128
    /// Operations in one Txn (etcd's `--max-txn-ops` default).
    public static let txnOperationsMax = 128
    /// Bytes of one value; etcd refuses a request of 1.5 MiB.
    public static let valueBytesMax = 256 * 1024
    /// Arrays and objects within each other, of what a record has beside what is known of it.
    static let jsonDepthMax = 64
    /// Keys a range answers with at once; a reader asks for the next page from there.
    public static let rangePageKeys: Int64 = 1_000
}
