public import HelperProgram

/// Why the helper gave no table.
public enum TableHelperError: Error, Equatable, CustomStringConvertible {
    case ended(HelperEnd)
    case table(XlatorTableError)

    public var description: String {
        switch self {
        case .ended(let end): "the helper wrote no table: \(end)"
        case .table(let why): "the helper's table cannot be used: \(why)"
        }
    }
}

/// Runs `gd2-rest xlator-tables`, so that no xlator is ever loaded into a daemon.
public struct TableHelper: Sendable {
    /// The program, which has the subcommand.
    public var program: String
    public var time: Duration

    public init(program: String = "/proc/self/exe", time: Duration = Limits.helperTime) {
        self.program = program
        self.time = time
    }

    public func table(of folder: XlatorFolder) async throws -> XlatorTable {
        let bytes = try await output(of: ["xlator-tables", "--folder", folder.path])
        do throws(XlatorTableError) { return try XlatorTable(parsing: bytes) } catch {
            throw TableHelperError.table(error)
        }
    }

    /// What the program writes.
    func output(of arguments: [String]) async throws -> [UInt8] {
        let helper = HelperProgram(
            path: program, name: "gd2-rest",
            environment: ["PATH": "/usr/bin:/bin", "LANG": "C", "SWIFT_BACKTRACE": "enable=no"],
            time: time, outputBytes: Limits.tableBytes)
        let outcome = try await helper.run(arguments, errors: .inherited)
        // The last byte is what says that it wrote all.
        guard outcome.output.last == UInt8(ascii: "\n") else {
            throw TableHelperError.ended(outcome.end)
        }
        return outcome.output
    }
}
