import GlusterModel
import HTTPTypes
import Hummingbird
import RESTAPI

/// The routes that create, delete, start and stop volumes.
extension Routes {
    func volumeWrites() -> [ListedRoute] {
        [
            ListedRoute(
                name: "VolumeCreate", method: .post, path: "/v1/volumes", request: "VolCreateReq",
                response: "VolumeInfo"
            ) { request, _ in
                let volume = try await volumes.create(request.value(VolCreateReq.self))
                var response = try Response.json(info(volume), status: .created)
                response.headers[.location] = "/v1/volumes/\(volume.name)"
                return response
            }.planned { request, _ in
                try await volumes.planCreate(request.value(VolCreateReq.self))
            },
            ListedRoute(name: "VolumeDelete", method: .delete, path: "/v1/volumes/{volume}") {
                _, context in
                try await volumes.delete(context.parameters.require("volume"))
                return Response(status: .noContent)
            }.planned { _, context in
                try await volumes.planDelete(context.parameters.require("volume"))
            },
            ListedRoute(
                name: "VolumeStart", method: .post, path: "/v1/volumes/{volume}/start",
                request: "VolumeStartReq", response: "VolumeInfo"
            ) { request, context in
                let body = try await request.value(VolumeStartReq.self, absent: VolumeStartReq())
                let volume = try await volumes.start(
                    context.parameters.require("volume"), force: body.forceStartBricks ?? false)
                return try Response.json(info(volume))
            }.planned { request, context in
                let body = try await request.value(VolumeStartReq.self, absent: VolumeStartReq())
                return try await volumes.planStart(
                    context.parameters.require("volume"), force: body.forceStartBricks ?? false)
            },
            ListedRoute(
                name: "VolumeStop", method: .post, path: "/v1/volumes/{volume}/stop",
                request: "VolumeStopReq", response: "VolumeInfo"
            ) { _, context in
                let volume = try await volumes.stop(context.parameters.require("volume"))
                return try Response.json(info(volume))
            }.planned { _, context in
                try await volumes.planStop(context.parameters.require("volume"))
            },
        ]
    }
}
