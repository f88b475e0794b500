import ArgumentParser
import CLICommands

@main
enum Main {
    static func main() async { await Glustercli.main() }
}
