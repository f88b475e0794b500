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
                name: "VolumeOptions", method: .post, path: path, request: "VolOptionReq",
                response: "VolumeInfo"
            ) { request, context in
                let body = try await request.value(VolOptionReq.self)
                _ = try await volumes.fresh()
                let restart = try await options.set(body.options, of: volume(context).0)
                return try withRestartHeader(restart, volume(context).0)
            },
            ListedRoute(
                name: "VolumeReset", method: .delete, path: path, request: "VolOptionResetReq",
                response: "VolumeInfo"
            ) { request, context in
                let body = try await request.value(
                    VolOptionResetReq.self, absent: VolOptionResetReq(all: true))
                let names = body.all == true ? nil : body.options
                _ = try await volumes.fresh()
                let restart = try await options.reset(
                    names, of: volume(context).0, force: body.force ?? false)
                return try withRestartHeader(restart, volume(context).0)
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
                let name = context.parameters.getCatchAll().joined(separator: "/")
                return try Response.json(
                    options.show(name, volume(context).0.options, isGlobal: false))
            },
            ListedRoute(
                name: "SetClusterOptions", method: .post, path: "/v1/cluster/options",
                request: "VolOptionReq"
            ) { request, _ in
                _ = try await volumes.fresh()
                return try Response.json(
                    await options.setCluster(request.value(VolOptionReq.self).options))
            },
            ListedRoute(
                name: "ResetClusterOptions", method: .delete, path: "/v1/cluster/options",
                request: "VolOptionResetReq"
            ) { request, _ in
                let body = try await request.value(
                    VolOptionResetReq.self, absent: VolOptionResetReq(all: true))
                _ = try await volumes.fresh()
                return try Response.json(
                    await options.resetCluster(body.all == true ? nil : body.options))
            },
            ListedRoute(
                name: "GetClusterOption", method: .get, path: "/v1/cluster/options/**",
                response: "VolumeOptionInfo"
            ) { _, context in
                let name = context.parameters.getCatchAll().joined(separator: "/")
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
                _ = try await volumes.fresh()
                return try Response.json(options.groups.list().map(\.info))
            },
            ListedRoute(
                name: "OptionGroupCreate", method: .post, path: path, request: "OptionGroupReq",
                response: "OptionGroup"
            ) { request, _ in
                let body = try await request.value(OptionGroupInfo.self)
                return try Response.json(await options.groups.create(body).info)
            },
            ListedRoute(
                name: "OptionGroupDelete", method: .delete, path: path + "/{group}"
            ) { _, context in
                _ = try await volumes.fresh()
                try await options.groups.delete(context.parameters.require("group"))
                return Response(status: .noContent)
            },
        ]
    }

    private func withRestartHeader(_ keys: [String], _ volume: Volume) throws -> Response {
        var response = try Response.json(info(volume))
        if !keys.isEmpty, let name = HTTPField.Name(brickRestartHeader) {
            response.headers[name] = keys.joined(separator: ",")
        }
        return response
    }
}
