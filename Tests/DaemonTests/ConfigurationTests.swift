import ArgumentParser
import FoundationEssentials
import Glibc
import TemporaryFolder
import Testing

@testable import Daemon

@Suite struct ConfigurationTests {
    struct Settings: DaemonConfiguration, Equatable {
        var stateDirectory = "/default"
        var port = 1
        var isQuick = false
        var hosts: [String] = []
        var callers: [String: String] = [:]

        static let meanings = ["port": "A port."]
        func problems() -> [String] { port == 666 ? ["port 666 is not to be had"] : [] }
    }

    private func read(
        file: String? = nil, environment: [String: String] = [:], set: [String] = [],
        required: Bool = true
    ) throws -> (Settings, CommonSettings) {
        try TemporaryFolder.with { folder in
            let path = folder + "/gd2.toml"
            if let file { try Data(file.utf8).write(to: URL(filePath: path)) }
            let reader = ConfigurationReader(
                file: path, fileIsRequired: file != nil && required, environment: environment,
                assignments: set)
            do { return try reader.read(Settings.self) } catch let error as ConfigurationError {
                throw ConfigurationError(
                    problems: error.problems.map { $0.replacing(path, with: "FILE") })
            }
        }
    }

    @Test func aFlagIsBeforeTheEnvironmentAndThatBeforeTheFile() throws {
        let file = "state-directory = \"/file\"\nport = 2\n"
        let environment = ["GD2_STATE_DIRECTORY": "/environment"]
        #expect(try read().0 == Settings())
        #expect(try read(file: file).0.stateDirectory == "/file")
        #expect(try read(file: file, environment: environment).0.stateDirectory == "/environment")
        let all = try read(
            file: file, environment: environment, set: ["state-directory=/flag"])
        #expect(all.0.stateDirectory == "/flag")
        #expect(all.0.port == 2)
        let twice = try read(set: ["port=3", "port=4"])
        #expect(twice.0.port == 4)
    }

    @Test func whatIsShownIsAFileThatGivesTheSameAgain() throws {
        var settings = Settings()
        settings.stateDirectory = "/with \"quotes\", \\ and \u{1}"
        settings.isQuick = true
        settings.hosts = ["a", "ü"]
        settings.callers = ["x": "gd2-rest", "1000": "admin"]
        var common = CommonSettings()
        common.logLevel = "debug"
        let shown = ConfigurationText(settings, common).text
        let (again, commonAgain) = try read(file: shown)
        #expect(again == settings)
        #expect(commonAgain.logLevel == "debug")
        #expect(shown.contains("# A port.\nport = 1\n"))
        #expect(shown.contains("# Default: \"info\"\nlog-level = \"debug\"\n"))
        let usual = ConfigurationText(Settings(), CommonSettings()).text
        #expect(try read(file: usual).0 == Settings())
        #expect(!usual.contains("Default:"))
    }

    @Test func everyCommonSettingHasAMeaning() throws {
        let keys = try ConfigurationReader.settings(of: CommonSettings()).keys
            .map(ConfigurationReader.kebabCase)
        #expect(Set(keys) == Set(CommonSettings.meanings.keys))
    }

    @Test func everyKindIsReadFromEverySource() throws {
        let expected = {
            var settings = Settings()
            settings.port = -5
            settings.isQuick = true
            settings.hosts = ["a", "b"]
            settings.callers = ["x": "gd2-rest", "y": "admin"]
            return settings
        }()
        let file = """
            port = -5
            is-quick = true
            hosts = ["a", "b"]
            [callers]
            x = "gd2-rest"
            y = "admin"
            """
        #expect(try read(file: file).0 == expected)
        let pairs = [
            "port": "-5", "is-quick": "yes", "hosts": "a,b", "callers": "x=gd2-rest,y=admin",
        ]
        #expect(try read(set: pairs.map { "\($0)=\($1)" }).0 == expected)
        let environment = Dictionary(
            uniqueKeysWithValues: pairs.map { key, value in
                ("GD2_" + key.uppercased().replacing("-", with: "_"), value)
            })
        #expect(try read(environment: environment).0 == expected)
    }

    @Test(arguments: [
        ("\n\nprot = 1\n", "FILE:3: prot is no setting"),
        ("port = 1\n[logging]\nx = 1\n", "FILE:2: logging is no setting"),
        ("# port = 1\n\nport = \"one\"\n", "FILE:3: port has to be a whole number"),
        ("port = 1.5\n", "FILE:1: port has to be a whole number"),
        ("is-quick = 1\n", "FILE:1: is-quick has to be true or false"),
        ("hosts = \"a\"\n", "FILE:1: hosts has to be a list of texts"),
        ("hosts = [1]\n", "FILE:1: hosts has to be a list of texts"),
        ("port-x = 1\nstate-directory = 1\n", "FILE:2: state-directory has to be a text"),
        ("[callers]\nx = 1\n", "FILE:1: callers has to be a table of texts"),
        ("port = 1\nport = = 2\n", "FILE:2: "), ("port = 666\n", "port 666 is not to be had"),
        ("log-level = info\n", "FILE:1: "),
        ("log-level = \"loud\"\n", "log-level \"loud\" is none of trace, debug"),
        ("stop-timeout-seconds = 0\n", "stop-timeout-seconds is 0, not 1 to 300"),
    ])
    func aBadFileIsRefusedByLine(file: String, problem: String) {
        let error = #expect(throws: ConfigurationError.self) { try read(file: file) }
        #expect(
            error?.problems.contains { $0.hasPrefix(problem) } == true,
            "\(error?.description ?? "")")
    }

    @Test(arguments: [
        ("log-level = info\n", true), ("port = 1\r\nstate-directory = /var/lib\r\n", true),
        ("port = = 2\n", false), ("is-quick = true false\n", false),
    ])
    func aTextWithoutQuotesIsToldOfThem(file: String, isTold: Bool) {
        let error = #expect(throws: ConfigurationError.self) { try read(file: file) }
        #expect(
            error?.description.contains("a text stands in quotes") == isTold,
            "\(error?.description ?? "")")
    }

    /// Defaults would be another configuration than the one that is there.
    @Test(arguments: [false, true])
    func aFileThatIsThereAndCannotBeReadIsAProblem(isRequired: Bool) throws {
        try TemporaryFolder.with { folder in
            func problems(_ path: String) -> String? {
                let reader = ConfigurationReader(
                    file: path, fileIsRequired: isRequired, environment: [:], assignments: [])
                do {
                    _ = try reader.read(Settings.self)
                    return nil
                } catch {
                    return "\(error)"
                }
            }
            let link = folder + "/link"
            try #require(symlink("nothing", link) == 0)
            let text = problems(link)
            #expect(text == "\(link): cannot be read: it is a link to a file that is not there")
            #expect(problems(folder) == "\(folder): cannot be read: Is a directory")
            let file = folder + "/file"
            try Data("port = 2\n".utf8).write(to: URL(filePath: file))
            #expect(problems(file) == nil)
            #expect(problems(file + "/x") == "\(file)/x: cannot be read: Not a directory")
            try Data(repeating: 0x20, count: (1 << 20) + 1).write(to: URL(filePath: file))
            #expect(problems(file)?.contains("longer than 1048576 bytes") == true)
            if geteuid() != 0 {
                try #require(chmod(file, 0) == 0)
                #expect(problems(file) == "\(file): cannot be read: Permission denied")
            }
            #expect((problems(folder + "/none") == nil) == !isRequired)
        }
    }

    @Test func allProblemsAreSaidAtOnceWithWhatIsKnown() {
        let error = #expect(throws: ConfigurationError.self) {
            try read(
                file: "prot = 1\nport = true\n", environment: ["GD2_IS_QUICK": "maybe"],
                set: ["port", "x=1", "port=1x"])
        }
        let text = error?.description ?? ""
        #expect(error?.problems.count == 6, "\(text)")
        #expect(text.contains("it knows callers, hosts, is-quick, log-level, metrics-socket, port"))
        #expect(text.contains("environment: GD2_IS_QUICK=maybe has to be true or false"))
        #expect(text.contains("--set port: needs KEY=VALUE"))
        #expect(text.contains("--set x=1: x is no setting of this program: it knows callers"))
        #expect(text.contains("--set port=1x: has to be a whole number"))
    }

    @Test func anUnknownVariableIsAnotherProgramsAndAMissingFileMatters() throws {
        #expect(try read(environment: ["GD2_NO_SUCH": "1", "PORT": "9"]).0 == Settings())
        let reader = ConfigurationReader(
            file: "/nonexistent/x.toml", fileIsRequired: true, environment: [:], assignments: [])
        #expect(throws: ConfigurationError.self) { try reader.read(Settings.self) }
    }

    @Test func flagsOfEveryDaemonAreParsed() throws {
        let options = try DaemonOptions.parse(
            ["--check-config", "--config", "/c", "--set", "a=1", "--set", "b=2"])
        #expect(options.checkConfig)
        #expect(options.config == "/c")
        #expect(options.assignments == ["a=1", "b=2"])
        #expect(try !DaemonOptions.parse([]).checkConfig)
    }

    @Test(arguments: [("stateDirectory", "state-directory"), ("port", "port"), ("aB", "a-b")])
    func aPropertyHasOneKey(property: String, key: String) {
        #expect(ConfigurationReader.kebabCase(property) == key)
        #expect(ConfigurationReader.camelCase(key) == property)
    }
}
