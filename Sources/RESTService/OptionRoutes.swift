import GD2Error
import GlusterModel
import HTTPTypes
import Hummingbird
import RESTAPI
import StoreMirror

/// The routes of options: of volumes, of the cluster, and groups of them.
extension Routes {
    func optionRoutes() -> [ListedRoute] {
        let path = "/v1/volumes/{volume}/options"
        return [
            ListedRoute(
                name: "OptionCatalogue", method: .get, path: "/v1/options",
                response: "[VolumeOptionInfo]"
            ) { _, _ in try Response.json(options.catalogue()) },
            ListedRoute(
                name: "VolumeOptions", method: .post, path: path, request: "VolOptionReq",
                response: "VolumeInfo"
            ) { request, context in
                let body = try await request.value(VolOptionReq.self)
                _ = try await volumes.fresh()
                let restart = try await options.set(
                    body.options, of: volume(context).0, context.change())
                return try withRestartHeader(restart, volume(context).0)
            }.planned { request, context in
                let body = try await request.value(VolOptionReq.self)
                _ = try await volumes.fresh()
                return try await options.planSet(body.options, of: volume(context).0)
            },
            ListedRoute(
                name: "VolumeReset", method: .delete, path: path, request: "VolOptionResetReq",
                response: "VolumeInfo"
            ) { request, context in
                let (names, force) = try await reset(request)
                _ = try await volumes.fresh()
                let restart = try await options.reset(
                    names, of: volume(context).0, force: force, context.change())
                return try withRestartHeader(restart, volume(context).0)
            }.planned { request, context in
                let (names, force) = try await reset(request)
                _ = try await volumes.fresh()
                return try await options.planReset(names, of: volume(context).0, force: force)
            },
            ListedRoute(
                name: "VolumeOptionsGet", method: .get, path: path, response: "[VolumeOptionInfo]"
            ) { _, context in
                try Response.json(options.list(volume(context).0.options, isGlobal: false))
            },
            ListedRoute(
                name: "VolumeOptionGet", method: .get, path: path + "/**",
                response: "VolumeOptionInfo"
            ) { _, context in
                let name = Self.name(context)
                return try Response.json(
                    options.show(name, volume(context).0.options, isGlobal: false))
            },
            ListedRoute(
                name: "SetClusterOptions", method: .post, path: "/v1/cluster/options",
                request: "VolOptionReq"
            ) { request, context in
                _ = try await volumes.fresh()
                return try Response.json(
                    await options.setCluster(
                        request.value(VolOptionReq.self).options, context.change()))
            }.planned { request, _ in
                let wish = try await request.value(VolOptionReq.self).options
                return try await options.planSetCluster(wish, volumes.fresh().clusterOptions)
            },
            ListedRoute(
                name: "ResetClusterOptions", method: .delete, path: "/v1/cluster/options",
                request: "VolOptionResetReq"
            ) { request, context in
                let (names, _) = try await reset(request)
                _ = try await volumes.fresh()
                return try Response.json(await options.resetCluster(names, context.change()))
            }.planned { request, _ in
                let (names, _) = try await reset(request)
                return try await options.planResetCluster(names, volumes.fresh().clusterOptions)
            },
            ListedRoute(
                name: "GetClusterOption", method: .get, path: "/v1/cluster/options/**",
                response: "VolumeOptionInfo"
            ) { _, context in
                let name = Self.name(context)
                return try Response.json(
                    options.show(name, volumes.current().clusterOptions, isGlobal: true))
            },
            ListedRoute(name: "GetClusterOptions", method: .get, path: "/v1/cluster/options") {
                _, _ in
                try Response.json(options.list(volumes.current().clusterOptions, isGlobal: true))
            },
        ]
    }

    func groupRoutes() -> [ListedRoute] {
        let path = "/v1/volumes/options-group"
        return [
            ListedRoute(
                name: "OptionGroupList", method: .get, path: path, response: "[OptionGroup]"
            ) { _, _ in
                try Response.json(options.groups.list().map(\.info))
            },
            ListedRoute(
                name: "OptionGroupCreate", method: .post, path: path, request: "OptionGroupReq",
                response: "OptionGroup"
            ) { request, context in
                let body = try await request.value(OptionGroupInfo.self)
                return try Response.json(
                    await options.groups.create(body, context.change()).info)
            }.planned { request, _ in
                let body = try await request.value(OptionGroupInfo.self)
                _ = try await volumes.fresh()
                return try options.groups.planCreate(body)
            },
            ListedRoute(
                name: "OptionGroupDelete", method: .delete, path: path + "/{group}"
            ) { _, context in
                _ = try await volumes.fresh()
                try await options.groups.delete(
                    context.parameters.require("group"), context.change())
                return Response(status: .noContent)
            }.planned { _, context in
                _ = try await volumes.fresh()
                return try options.groups.planDelete(context.parameters.require("group"))
            },
        ]
    }

    /// The option that a path names; that of a `user.` may have letters that no URL has.
    private static func name(_ context: RESTContext) -> String {
        let path = context.parameters.getCatchAll().joined(separator: "/")
        var bytes: [UInt8] = []
        var rest = path.utf8[...]
        while let byte = rest.popFirst() {
            // RFC 3986, section 2.1; a % that is followed by something else is one.
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let coded = UInt8(String(Substring(rest.prefix(2))), radix: 16)
            {
                bytes.append(coded)
                rest.removeFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The options that a request resets, nil for all of them, and whether protected ones too.
    private func reset(_ request: Request) async throws -> (names: [String]?, force: Bool) {
        let body = try await request.value(
            VolOptionResetReq.self, absent: VolOptionResetReq(all: true))
        // A body that names nothing may be a misspelt one: to take all back has to be said.
        guard body.all == true || body.options?.isEmpty == false else {
            throw GD2Error(.invalid, "no option is named: give options, or all: true")
        }
        return (body.all == true ? nil : body.options, body.force ?? false)
    }

    private func withRestartHeader(_ keys: [String], _ volume: Volume) throws -> Response {
        var response = try Response.json(info(volume))
        for (name, value) in OptionChanges.restartHeader(keys) {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
        return response
    }
}
