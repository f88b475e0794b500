import Seeded
import StoreAPI
import StoreMirror
import Testing

@Suite struct MirroredValuesTests {
    private static let folders = [
        "", "a", "/", "/gluster/", "/gluster/c/", "/gluster/c/volumes/", "/gluster/c/volumes/1/",
        "/gluster/c/txns/", "/gluster/c/txns/left/p/", "/gluster/d/volumes/",
    ]

    private static func value(_ key: String, _ revision: Int64) -> KeyValue {
        KeyValue(key: key, value: [1], createRevision: 1, modRevision: revision)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func itSaysWhatADictionaryWould(seed: UInt64) {
        var generator = SplitMix(seed: seed)
        var (values, known) = (MirroredValues(), [String: KeyValue]())
        for step in 1...500 as ClosedRange<Int64> {
            let folder = Self.folders.randomElement(using: &generator) ?? ""
            let key = folder + String(Int.random(in: 0...9, using: &generator))
            let new = Bool.random(using: &generator) ? Self.value(key, step) : nil
            (values[key], known[key]) = (new, new)
            #expect(values[key]?.modRevision == known[key]?.modRevision)
            #expect(values.count == known.count && values.isEmpty == known.isEmpty)
            let prefix =
                (Self.folders.randomElement(using: &generator) ?? "")
                + (Bool.random(using: &generator) ? "1" : "")
            #expect(
                Set(values.below(prefix).map(\.key))
                    == Set(known.keys.filter { $0.hasPrefix(prefix) }))
        }
        #expect(Set(values.all.map(\.key)) == Set(known.keys))
        #expect(Set(MirroredValues(known.values).all.map(\.key)) == Set(known.keys))
    }
}
