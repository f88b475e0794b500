/// One `volume … end-volume` block.
public struct Xlator: Hashable, Sendable {
    public struct Option: Hashable, Sendable {
        public var key: String
        public var value: String

        public init(_ key: String, _ value: String) {
            self.key = key
            self.value = value
        }
    }

    public var name: String
    /// `category/name`.
    public var type: String
    /// In the order of insertion; the text has them in reverse, as GD1 writes them.
    public private(set) var options: [Option] = []
    public var subvolumes: [String]

    public init(_ name: String, _ type: String, subvolumes: [String] = []) {
        self.name = name
        self.type = type
        self.subvolumes = subvolumes
    }

    /// A value that replaces another keeps its place.
    public subscript(key: String) -> String? {
        get { options.first { $0.key == key }?.value }
        set {
            let index = options.firstIndex { $0.key == key }
            switch (index, newValue) {
            case (let index?, let value?): options[index].value = value
            case (nil, let value?): options.append(Option(key, value))
            case (let index?, nil): options.remove(at: index)
            case (nil, nil): break
            }
        }
    }
}

/// A graph of xlators, children first, the top one last.
public struct Volfile: Hashable, Sendable {
    public var xlators: [Xlator]

    public init(xlators: [Xlator] = []) { self.xlators = xlators }

    public var top: Xlator? { xlators.last }

    /// The text that GlusterFS's parser (graph.y) reads.
    public var text: String {
        var text = ""
        for xlator in xlators {
            text += "volume \(xlator.name)\n    type \(xlator.type)\n"
            for option in xlator.options.reversed() {
                guard let value = Self.safe(option.value) else { continue }
                text += "    option \(option.key) \(value)\n"
            }
            if !xlator.subvolumes.isEmpty {
                text += "    subvolumes \(xlator.subvolumes.joined(separator: " "))\n"
            }
            text += "end-volume\n\n"
        }
        return text
    }
}

extension Volfile {
    /// Nothing in a value may end it, begin another line, be run as a command or be read as a word
    /// of the language (graph.l): whatever got past the checks at the door is left out here. Nil
    /// when nothing remains that can be written.
    static func safe(_ value: String) -> String? {
        let safe = value.filter { letter in
            letter.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && !"`\"'\\#".utf8.contains($0) }
        }
        return safe.isEmpty || keywords.contains(safe) ? nil : safe
    }

    private static let keywords: Set<String> = [
        "volume", "type", "option", "subvolumes", "subvolumeS", "end-volume",
    ]
}

public enum VolfileError: Error, Equatable, CustomStringConvertible {
    case line(Int, String)

    public var description: String {
        switch self {
        case .line(let number, let why): "line \(number): \(why)"
        }
    }
}

extension Volfile {
    /// Reads a volfile's text.
    public init(parsing text: String) throws(VolfileError) {
        xlators = []
        var current: Xlator?
        var options: [Xlator.Option] = []
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            guard let word = words.first, !word.hasPrefix("#") else { continue }
            switch word {
            case "volume" where words.count == 2 && current == nil:
                current = Xlator(String(words[1]), "")
                options = []
            case "type" where words.count == 2 && current != nil:
                current?.type = String(words[1])
            case "option" where words.count >= 3 && current != nil:
                let value = words[2...].joined(separator: " ")
                options.append(.init(String(words[1]), value))
            case "subvolumes" where words.count >= 2 && current != nil:
                current?.subvolumes = words[1...].map(String.init)
            case "end-volume" where words.count == 1:
                guard var xlator = current else { throw .line(index + 1, "end without volume") }
                guard !xlator.type.isEmpty else {
                    throw .line(index + 1, "volume \(xlator.name) has no type")
                }
                for option in options.reversed() { xlator[option.key] = option.value }
                xlators.append(xlator)
                current = nil
            default: throw .line(index + 1, "\"\(line)\" is not understood here")
            }
        }
        guard current == nil else { throw .line(lines.count, "the last volume has no end") }
    }
}
