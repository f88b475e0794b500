import GlusterModel
import Hexadecimal
import Volgen
import VolumeOptions

@testable import RESTService
@testable import Volfile

/// A volfile's text, and values that come from anywhere.
enum VolfileTarget {
    static func seeds() -> [[UInt8]] {
        let text = """
            # A comment
            volume gv0-posix
                type storage/posix
                option directory /bricks/b1
                option a b c
            end-volume
            volume gv0-server
                type protocol/server
                subvolumes gv0-posix other
            end-volume

            """
        return [Array(text.utf8), [UInt8](texts: ["a", "b\nend-volume", "`c`", "#", "volume"])]
    }

    static func run(_ bytes: [UInt8]) {
        checkRoundTrip(bytes.text)
        var xlator = Xlator("v", "c/t")
        for (number, value) in bytes.texts.prefix(20).enumerated() { xlator["k\(number)"] = value }
        let volfile = Volfile(xlators: [xlator, xlator])
        let text = volfile.text
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"))
        for line in lines {
            let words = line.split { $0 <= 0x20 || $0 == 0x7f }
            switch words.first.map({ String(decoding: $0, as: UTF8.self) }) {
            case "volume", "type": check(words.count == 2, "a value begins no line: \(words)")
            case "option": check(words.count == 3, "a value is one word: \(words)")
            case "end-volume": check(words.count == 1, "a value ends nothing: \(words)")
            default: fatalError("a value begins a line")
            }
        }
        check(!text.utf8.contains { "`\"'\\#".utf8.contains($0) }, "no value has a command")
        let ends = lines.count { $0.elementsEqual("end-volume".utf8) }
        check(ends == 2, "there are as many volumes as there were")
        checkRoundTrip(text)
    }

    private static func checkRoundTrip(_ text: String) {
        guard let volfile = try? Volfile(parsing: text) else { return }
        let written = volfile.text
        do {
            let again = try Volfile(parsing: written)
            check(again.text.isSame(as: written), "what is written is read equal")
            check(again.xlators.count == volfile.xlators.count, "no volume is lost")
            for (one, other) in zip(volfile.xlators, again.xlators) {
                check(one.name.isSame(as: other.name), "a name stays")
                check(one.type.isSame(as: other.type), "a type stays")
                check(one.subvolumes == other.subvolumes, "subvolumes stay")
                let safe = one.options.compactMap { option in
                    Volfile.safe(option.value).map { Xlator.Option(option.key, $0) }
                }
                check(safe == other.options, "options stay")
            }
        } catch { never(error, "what is written is read") }
    }
}

/// Names that stand in paths, keys and volfiles.
enum NamesTarget {
    static func seeds() -> [[UInt8]] {
        [
            ["/bricks//b1/", "/bricks"], ["/a/b", "/a/b/c"], ["/a/../b", "/a/./b"],
            ["gv0", "all"], ["00000000-0000-0000-0000-0000000000aB", "samba"],
            ["[::1]:24007", "n1.example:24007"], ["10.0.0.1", "::1"], ["", "/"],
        ].map { [UInt8](texts: $0) }
    }

    static func run(_ bytes: [UInt8]) {
        let texts = bytes.texts
        let paths = texts.prefix(2).compactMap { try? BrickPath(validating: $0) }
        for path in paths { checkPath(path) }
        if let one = paths.first, let other = paths.last {
            let below = Array((one.description + "/").utf8)
            let isBelow = other.description.utf8.starts(with: below)
            let isSame = one.description.isSame(as: other.description)
            check(one.contains(other) == (isSame || isBelow), "a path contains what is below it")
        }
        for text in texts.prefix(2) {
            if let name = try? VolumeName(validating: text) {
                let isPlain = name.description.utf8.allSatisfy { isLetter($0) || $0 == 0x2d }
                check(isPlain && name.description.isSame(as: text), "a volume's name is plain")
            }
            if let id = VolumeID(text) {
                check(id.description == text.lowercased(), "an id is written as it was read")
                check(VolumeID(bytes: id.bytes) == id, "an id is its bytes")
            }
            if let digits = [UInt8](hexadecimal: text) {
                check(digits.hexadecimal == text.lowercased(), "digits are written as read")
            }
            if OptionGroup.isName(text) {
                check(!text.utf8.contains(UInt8(ascii: "/")), "a group is a file's name")
            }
            checkVolfileID(text)
            if PeerAddress.isPlausible(text) { checkAddress(text) }
        }
    }

    private static func checkPath(_ path: BrickPath) {
        let text = path.description
        do {
            let again = try BrickPath(validating: text)
            check(again.description.isSame(as: text), "a path is its own canonical form")
        } catch { never(error, "what was accepted is accepted") }
        check(text.utf8.count <= BrickPath.bytesMax, "a path is bounded")
        let parts = text.utf8.split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false
        ).dropFirst()
        for part in parts {
            check((1...255).contains(part.count), "a component has 1 to 255 bytes")
            check(
                !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8),
                "no component is . or ..")
        }
        check(!path.dashed.utf8.contains(UInt8(ascii: "/")), "nothing is left of slashes")
    }

    private static func checkVolfileID(_ text: String) {
        let id = VolfileID(text)
        switch id {
        case .client(let volume), .selfHeal(let volume): check(text.hasSuffix(volume), "a volume")
        case .brick(let volume, let rest): check(text.hasSuffix("\(volume).\(rest)"), "a brick")
        case .unknown(let key): check(key.isSame(as: text), "what is unknown stays")
        }
    }

    private static func checkAddress(_ text: String) {
        let host = PeerAddress.host(of: text)
        check(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }, "an address is one word")
        let port = text.dropFirst(host.count + (text.hasPrefix("[") ? 2 : 0)).dropFirst()
        let isDigits = port.utf8.allSatisfy { (0x30...0x39).contains($0) }
        check(isDigits, "a port is digits: \(port)")
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte)
            || (0x30...0x39).contains(byte) || byte == 0x5f
    }
}

/// `KEY VALUE` pairs.
enum OptionsTarget {
    static func seeds() -> [[UInt8]] {
        let groups = OptionGroup.builtIn.map { group in
            [UInt8](texts: group.options.map { "\($0.key) \($0.value)" })
        }
        let pairs = [
            "user.a b c", "afr.eager-lock on", "cache-size 64MB", "performance/quick-read on",
            "auth.allow 10.0.0.0/8,h.example,fe80::*", "auth.allow /d(a|10.*),/e(::1)",
            "performance.io-thread-count 0x10", "cluster.min-free-disk 10%",
            "network.frame-timeout 30min", "features.snapshot-directory .snaps",
            "performance.cache-priority *.log:1,*.db:5", "#a on", "#b 1",
        ]
        // One letter of many accents.
        let long = "performance.cache-size a" + String(repeating: "\u{301}", count: 3_000)
        return groups + (pairs + [long]).map { Array($0.utf8) } + [[UInt8](texts: pairs)]
    }

    static func run(_ bytes: [UInt8]) {
        let pairs = bytes.texts.prefix(6).map { pair in
            let words = pair.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
            return (name: name(words[0]), value: words.count > 1 ? String(words[1]) : "")
        }
        // To say what is like a name takes long: once is enough.
        for (name, value) in pairs {
            guard checkOne(name, value, isGlobal: false) else { return }
        }
        let changes = Dictionary(pairs.map { ($0.name, $0.value) }) { $1 }
        var volume = VolumeTarget.volumes[bytes.count % VolumeTarget.volumes.count]
        do throws(OptionError) {
            let values = try OptionTable.standard.validate(changes, of: volume)
            guard !values.isEmpty else { return }
            volume.options.merge(values) { $1 }
            VolumeTarget.checkVolfiles(of: volume)
        } catch { checkRefusal(error) }
    }

    /// What begins with `#` is some key, whatever follows: few bent names are one.
    private static func name(_ text: Substring) -> String {
        guard text.utf8.first == UInt8(ascii: "#") else { return String(text) }
        let entries = OptionTable.standard.entries
        return entries[text.utf8.reduce(0) { ($0 * 31 + Int($1)) % entries.count }].key
    }

    /// False: there is no such option.
    private static func checkOne(_ name: String, _ value: String, isGlobal: Bool) -> Bool {
        let table = OptionTable.standard
        do throws(OptionError) {
            let (key, stored) = try table.validate(name, value, isGlobal: isGlobal)
            check(key.hasPrefix("user.") || table.entry(key) != nil, "a key is of the table")
            do throws(OptionError) {
                let again = try table.validate(key, stored, isGlobal: isGlobal)
                check(again.key.isSame(as: key), "a key is its own canonical form")
                check(again.value.isSame(as: stored), "a value is its own canonical form")
            } catch { never(error, "\(key) \(stored): what is stored is accepted") }
            guard !key.hasPrefix("user.") else { return true }
            check(Volfile.safe(stored) == stored, "\(key) \(stored): it is written as it is")
            return true
        } catch {
            checkRefusal(error)
            switch error {
            case .global: return checkOne(name, value, isGlobal: true)
            case .unknown, .longKey: return false
            default: return true
            }
        }
    }

    private static func checkRefusal(_ error: OptionError) {
        check(error.description.utf8.count <= 4_096, "a refusal is short")
    }
}
