// Command server answers HTTP requests with the platform it was compiled for.
package main

import (
	"flag"
	"log"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/klauspost/compress/gzhttp"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"
)

// Set by the linker: xbuild stamps them from git.
var version, commit, date = "dev", "none", "unknown"

func main() {
	addr := flag.String("addr", ":8080", "address to listen on")
	once := flag.Bool("version", false, "print the version and leave")
	flag.Parse()
	if *once {
		os.Stdout.WriteString(describe())
		return
	}
	router := chi.NewRouter()
	router.Get("/", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(describe())) })
	server := &http.Server{
		Addr:              *addr,
		Handler:           h2c.NewHandler(gzhttp.GzipHandler(router), &http2.Server{}),
		ReadHeaderTimeout: 5 * time.Second,
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() { <-stop; server.Close() }()
	log.Printf("listening on %s", *addr)
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		log.Fatal(err)
	}
}

func describe() string {
	return "hello from " + runtime.GOOS + "/" + runtime.GOARCH + " " + version + " " + commit + " " + date + "\n"
}
