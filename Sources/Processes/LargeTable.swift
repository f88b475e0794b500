/// A brick begins with /dev/null as a high descriptor, so that the kernel makes its table of
/// descriptors that large at once. glusterfsd opens 256 directories when it has threads already: to
/// enlarge the table then waits for all processors, about 10 ms
/// (docs/decisions/0050-descriptor-table.md).
enum LargeTable {
    static let descriptor: Int32 = 1_023
}
