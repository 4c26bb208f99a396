package subject

import (
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/idempotency"
	"github.com/gofiber/storage/redis/v3"
	"github.com/valyala/fasthttp"
)

func openBareFiber(_ testing.TB, effect *Effect, _ string) Server { return newFiber(effect) }

// openFiber uses the defaults of the middleware, except for the name of the field and
// the store.
func openFiber(tb testing.TB, effect *Effect, address string) Server {
	tb.Helper()
	config := idempotency.Config{KeyHeader: KeyField}
	if address != "" {
		store := redis.New(redis.Config{Addrs: []string{address}, PoolSize: 32})
		tb.Cleanup(func() { _ = store.Close() })
		config.Storage = store
	}
	return newFiber(effect, idempotency.New(config))
}

type fiberApp struct {
	app     *fiber.App
	handler fasthttp.RequestHandler
}

func newFiber(effect *Effect, guards ...any) *fiberApp {
	app := fiber.New(fiber.Config{BodyLimit: 64 << 20})
	for _, guard := range guards {
		app.Use(guard)
	}
	app.Post("/v1/payments", func(c fiber.Ctx) error {
		effect.run()
		c.Set("Content-Type", contentType[0])
		c.Set("Location", location[0])
		return c.Status(http.StatusCreated).Send(effect.Answer)
	})
	return &fiberApp{app: app, handler: app.Handler()}
}

func (f *fiberApp) Serve(listener net.Listener) {
	go func() { _ = f.app.Listener(listener, fiber.ListenConfig{DisableStartupMessage: true}) }()
}

// Close waits for connections only for a moment: a client can have opened one that it
// never used.
func (f *fiberApp) Close() { _ = f.app.ShutdownWithTimeout(100 * time.Millisecond) }

func (f *fiberApp) Dial() Caller {
	ctx := new(fasthttp.RequestCtx)
	ctx.Request.Header.SetMethod(http.MethodPost)
	ctx.Request.SetRequestURI("/v1/payments")
	return func(key string, body []byte) (int, []byte) {
		ctx.Response.Reset()
		ctx.ResetUserValues()
		ctx.Request.SetBody(body) // a copy, as net/http's handler reads one
		if key == "" {
			ctx.Request.Header.Del(KeyField)
		} else {
			ctx.Request.Header.Set(KeyField, key)
		}
		f.handler(ctx)
		return ctx.Response.StatusCode(), ctx.Response.Body()
	}
}
