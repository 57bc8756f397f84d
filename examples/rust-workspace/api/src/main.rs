//! A server on port 8080 with an allocator of its own: musl's is slow when many threads ask at once.

use tiny_http::{Response, Server};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let server = Server::http("0.0.0.0:8080")?;
    println!("listening on port 8080");
    for request in server.incoming_requests() {
        let body = serde_json::to_string(&shared::machine())?;
        // A client that hangs up is no reason to stop.
        let _ = request.respond(Response::from_string(body));
    }
    Ok(())
}
