import CXlator
import Glibc
import VolumeOptions

/// Reads the options of one library in this very process, which the library may end, hang or bend.
enum LibraryReader {
    static func read(_ library: XlatorFolder.Library) throws(LibraryError) -> XlatorTable.Xlator {
        var options: UnsafePointer<gd2_xlator_option>?
        var error = [CChar](repeating: 0, count: Limits.failureTextBytes)
        let result = gd2_xlator_open(library.path, &options, &error, error.count)
        guard result >= 0 else {
            let bytes = error.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw .notLoaded(String(decoding: bytes, as: UTF8.self))
        }
        var xlator = XlatorTable.Xlator(name: library.name, aliases: library.aliases, options: [])
        for index in 0...Int32(Limits.optionsPerXlator) {
            guard let options, let option = gd2_xlator_option_at(options, index) else { break }
            guard index < Limits.optionsPerXlator else { throw .endless }
            xlator.options.append(try read(option))
        }
        return xlator
    }

    private static func read(
        _ raw: UnsafePointer<gd2_xlator_option>
    ) throws(LibraryError) -> XlatorOption {
        var keys: [String] = []
        while let key = try text(gd2_xlator_key(raw, Int32(keys.count))) { keys.append(key) }
        var option = XlatorOption(keys: keys, type: type(raw.pointee.type))
        while let value = try text(gd2_xlator_value(raw, Int32(option.allowed.count))) {
            option.allowed.append(value)
        }
        // INFINITY is how GlusterFS writes that there is no bound.
        option.minimum = raw.pointee.minimum.isFinite ? raw.pointee.minimum : nil
        option.maximum = raw.pointee.maximum.isFinite ? raw.pointee.maximum : nil
        option.check = [1: .min, 2: .max][raw.pointee.check] ?? .both
        option.defaultValue = try text(raw.pointee.default_value)
        option.description = try text(raw.pointee.description)
        option.opVersions = releases(raw.pointee.op_versions)
        option.deprecatedSince = releases(raw.pointee.deprecated)
        option.flags = bits.filter { raw.pointee.flags & $0.bit != 0 }.map(\.flag)
        option.level =
            [1: .basic, 2: .experimental, 3: .deprecated][raw.pointee.level] ?? .advanced
        return option
    }

    /// Bounded before it is believed to end.
    private static func text(_ start: UnsafePointer<CChar>?) throws(LibraryError) -> String? {
        guard let start else { return nil }
        let count = strnlen(start, Limits.stringBytes + 1)
        guard count <= Limits.stringBytes else { throw .endless }
        let bytes = UnsafeRawBufferPointer(start: start, count: count)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func releases(_ four: (UInt32, UInt32, UInt32, UInt32)) -> [UInt32] {
        [four.0, four.1, four.2, four.3].filter { $0 != 0 }
    }

    /// options.h, `volume_option_type_t`, in its order; a newer type takes any value.
    private static func type(_ number: Int32) -> OptionKind.Value {
        let types: [OptionKind.Value] = [
            .any, .str, .int, .sizet, .percent, .percentOrSize, .bool, .xlator, .path, .time,
            .double, .address, .addressList, .priorityList, .sizeList, .clientAuthAddress,
        ]
        return types.indices.contains(Int(number)) ? types[Int(number)] : .any
    }

    /// options.h, `OPT_FLAG_…`.
    private static let bits: [(bit: UInt32, flag: XlatorOption.Flag)] = [
        (1, .settable), (2, .client), (4, .global), (8, .force), (16, .neverReset),
        (32, .document), (64, .range),
    ]
}

/// Why the options of one library are missing.
enum LibraryError: Error, Equatable, CustomStringConvertible {
    case notLoaded(String)
    case endless
    case fork(errno: Int32)
    case signal(Int32)
    case exit(Int32)
    case timedOut
    case tooLong
    case damaged(XlatorTableError)
    case notReached

    var description: String {
        switch self {
        case .notLoaded(let why): "it does not load: \(why)"
        case .endless: "its options or one of its texts do not end"
        case .fork(let code): "fork: \(String(cString: strerror(code)))"
        case .signal(let number): "loading it ended with signal \(number)"
        case .exit(let status): "loading it ended the process with status \(status)"
        case .timedOut: "it was not read within \(Limits.xlatorTime)"
        case .tooLong: "its options are longer than \(Limits.xlatorBytes) bytes"
        case .damaged(let why): "what it left behind cannot be used: \(why)"
        case .notReached: "no time was left for it"
        }
    }
}
