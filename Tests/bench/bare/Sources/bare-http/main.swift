import Foundation
import Hummingbird
import Logging

// bare-http SOCKET FILE: one route that answers with the bytes of FILE.
let arguments = CommandLine.arguments
let body = ByteBuffer(bytes: FileManager.default.contents(atPath: arguments[2]) ?? Data())
let router = Router()
router.get("/") { _, _ in
    Response(
        status: .ok, headers: [.contentType: "application/json; charset=UTF-8"],
        body: .init(byteBuffer: body))
}
var log = Logger(label: "bare-http")
log.logLevel = .error
let application = Application(
    router: router,
    configuration: .init(address: .unixDomainSocket(path: arguments[1])), logger: log)
try await application.runService()
