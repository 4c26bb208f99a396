package interceptor_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	connect2 "connectrpc.com/connect/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

const countMethod = "/streamtest.Counter/Count"

// countSchema is linked in like that of generated code.
var countSchema = func() protoreflect.MethodDescriptor {
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: new("streamtest/counter.proto"), Package: new("streamtest"), Syntax: new("proto3"),
		Dependency: []string{"google/protobuf/wrappers.proto"},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: new("Counter"), Method: []*descriptorpb.MethodDescriptorProto{{
			Name: new("Count"), ServerStreaming: new(true),
			InputType: new(".google.protobuf.Int32Value"), OutputType: new(".google.protobuf.StringValue"),
		}}}},
	}, protoregistry.GlobalFiles)
	if err == nil {
		err = protoregistry.GlobalFiles.RegisterFile(file)
	}
	if err != nil {
		panic(err)
	}
	return file.Services().Get(0).Methods().Get(0)
}()

// counting is a server stream of the numbers up to the request, at all servers of a
// test. A negative request sends as many and then fails.
type counting struct {
	runs atomic.Int64
	run  func() // before the first message
	code uint32 // of a failure
}

func (c *counting) count(request *wrapperspb.Int32Value, send func(*wrapperspb.StringValue) error) (failed bool, err error) {
	c.runs.Add(1)
	if c.run != nil {
		c.run()
	}
	n := int(request.GetValue())
	message := new(wrapperspb.StringValue)
	for i := range max(n, -n) {
		message.Value = strconv.Itoa(i) // a handler may reuse its message
		if err := send(message); err != nil {
			return false, err
		}
	}
	return n < 0, nil
}

type streamed struct {
	messages        []string
	code            connect.Code
	text            string
	header, trailer http.Header
	refusal         *idempotency.Error
}

func (s *streamed) marked() bool {
	return idemconnect.Replayed(s.header) || idemconnect.Replayed(s.trailer)
}

type streamCaller struct {
	name string
	call func(ctx context.Context, key string, n int32) streamed
}

func startStreams(t *testing.T, c *counting, policy idempotency.Policy) (callers []streamCaller) {
	t.Helper()
	store := memstore.New()
	t.Cleanup(func() { _ = store.Close() })
	engine := func() *idempotency.Engine {
		engine, err := idempotency.New(store, idempotency.WithPolicy(countMethod, policy))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = engine.Close(context.Background()) })
		return engine
	}
	servers := map[string]server{
		"connect 1": listen(t, countConnect1(t, engine(), c)),
		"connect 2": listen(t, mounted(countConnect2(t, engine(), c))),
		"grpc-go":   listenGRPC(t, countGRPC(t, engine(), c)),
	}
	for _, name := range slices.Sorted(maps.Keys(servers)) {
		protocols := map[string][]connect.ClientOption{
			"Connect": nil, "Connect JSON": {connect.WithProtoJSON()}, "gRPC": {connect.WithGRPC()}, "gRPC-Web": {connect.WithGRPCWeb()},
		}
		for protocol, options := range protocols {
			if name == "grpc-go" && protocol != "gRPC" {
				continue
			}
			client := connect.NewClient[wrapperspb.Int32Value, wrapperspb.StringValue](servers[name].client, servers[name].url+countMethod, options...)
			callers = append(callers, streamCaller{name + ", " + protocol, callCount(client)})
		}
	}
	return callers
}

func callCount(client *connect.Client[wrapperspb.Int32Value, wrapperspb.StringValue]) func(context.Context, string, int32) streamed {
	return func(ctx context.Context, key string, n int32) (got streamed) {
		request := connect.NewRequest(wrapperspb.Int32(n))
		if key != "" {
			request.Header().Set(idempotency.DefaultKeyField, key)
		}
		stream, err := client.CallServerStream(ctx, request)
		if err == nil {
			for stream.Receive() {
				got.messages = append(got.messages, stream.Msg().GetValue())
			}
			err = stream.Err()
			got.header, got.trailer = stream.ResponseHeader(), stream.ResponseTrailer()
			_ = stream.Close()
		}
		if failure, ok := errors.AsType[*connect.Error](err); ok {
			got.code, got.text, got.trailer = failure.Code(), failure.Message(), failure.Meta()
			got.refusal, _ = idemconnect.Refusal(err)
		}
		return got
	}
}

func countConnect1(t *testing.T, engine *idempotency.Engine, c *counting) http.Handler {
	t.Helper()
	guard, err := idemconnect.NewInterceptor(engine)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(countMethod, connect.NewServerStreamHandler(countMethod,
		func(_ context.Context, request *connect.Request[wrapperspb.Int32Value], stream *connect.ServerStream[wrapperspb.StringValue]) error {
			stream.ResponseHeader().Set("Ledger", "a")
			stream.ResponseTrailer().Set("End", "z")
			failed, err := c.count(request.Msg, stream.Send)
			if failed {
				return connect.NewError(connect.Code(c.code), errors.New("no"))
			}
			return err
		}, connect.WithInterceptors(guard, guard)))
	return mux
}

func countConnect2(t *testing.T, engine *idempotency.Engine, c *counting) *connect2.Server {
	t.Helper()
	guard, err := idemconnect2.NewServerInterceptor(engine)
	if err != nil {
		t.Fatal(err)
	}
	services := connect2.NewServer(guard, guard)
	spec := connect2.Spec{Procedure: countMethod, Schema: countSchema, StreamType: connect2.StreamTypeServer}
	services.Register(connect2.Method{Spec: spec, Handler: func(ctx context.Context, _ connect2.Spec, stream connect2.ServerStream) error {
		request := new(wrapperspb.Int32Value)
		if err := stream.Receive(request); err != nil {
			return err
		}
		info, _ := connect2.CallInfoForServerContext(ctx)
		info.ResponseHeader().Set("Ledger", "a")
		info.ResponseTrailer().Set("End", "z")
		failed, err := c.count(request, func(message *wrapperspb.StringValue) error { return stream.Send(message) })
		if failed {
			return connect2.NewError(connect2.Code(c.code), "no")
		}
		return err
	}})
	return services
}

func countGRPC(t *testing.T, engine *idempotency.Engine, c *counting) *grpc.Server {
	t.Helper()
	guard, err := idemgrpc.NewInterceptor(engine)
	if err != nil {
		t.Fatal(err)
	}
	grpcServer := grpc.NewServer(grpc.ChainStreamInterceptor(guard.Stream, guard.Stream))
	grpcServer.RegisterService(&grpc.ServiceDesc{ServiceName: "streamtest.Counter", HandlerType: (*any)(nil), Streams: []grpc.StreamDesc{{
		StreamName: "Count", ServerStreams: true,
		Handler: func(_ any, stream grpc.ServerStream) error {
			request := new(wrapperspb.Int32Value)
			if err := stream.RecvMsg(request); err != nil {
				return err
			}
			if err := stream.SetHeader(metadata.Pairs("ledger", "a")); err != nil {
				return err
			}
			stream.SetTrailer(metadata.Pairs("end", "z"))
			failed, err := c.count(request, func(message *wrapperspb.StringValue) error { return stream.SendMsg(message) })
			if failed {
				return status.Error(codes.Code(c.code), "no")
			}
			return err
		},
	}}}, nil)
	return grpcServer
}

// TestStreamRecordedByOneReplayedByEach interceptor, over each of its protocols: also
// one without messages, and one that fails after some.
func TestStreamRecordedByOneReplayedByEach(t *testing.T) {
	c := &counting{code: 9}
	callers := startStreams(t, c, idempotency.Policy{MaxMessages: 5})
	for _, n := range []int32{5, 1, 0, -3} {
		for _, recorder := range callers {
			runs, key := c.runs.Load(), fmt.Sprintf("%s%d", strings.ReplaceAll(recorder.name, " ", ""), n)
			first := recorder.call(t.Context(), key, n)
			if len(first.messages) != int(max(n, -n)) || (first.code == 9) != (n < 0) || first.marked() {
				t.Fatalf("%s, %d: %+v", recorder.name, n, first)
			}
			for _, player := range callers {
				which := fmt.Sprintf("%d recorded by %s, replayed by %s", n, recorder.name, player.name)
				again := player.call(t.Context(), key, n)
				if !slices.Equal(again.messages, first.messages) || again.code != first.code || again.text != first.text || !again.marked() {
					t.Errorf("%s: %+v, first %+v", which, again, first)
				}
				if n > 0 && (!slices.Equal(again.header.Values("Ledger"), []string{"a"})) || !slices.Equal(again.trailer.Values("End"), []string{"z"}) {
					t.Errorf("%s: header %v, trailer %v", which, again.header, again.trailer)
				}
				if other := player.call(t.Context(), key, 4); other.refusal == nil || other.refusal.Reason != idempotency.ReasonKeyReused {
					t.Errorf("%s: another request: %+v", which, other)
				}
			}
			if c.runs.Load() != runs+1 {
				t.Errorf("%s: %d runs", recorder.name, c.runs.Load()-runs)
			}
		}
	}
}

// TestStreamTooLongIsNotKept : its first caller gets all of it.
func TestStreamTooLongIsNotKept(t *testing.T) {
	for name, policy := range map[string]idempotency.Policy{
		"messages": {MaxMessages: 5},
		"bytes":    {MaxMessages: 50, MaxResponse: 40},
	} {
		for i, caller := range startStreams(t, new(counting), policy) {
			first, again := caller.call(t.Context(), strconv.Itoa(i), 20), caller.call(t.Context(), strconv.Itoa(i), 20)
			if len(first.messages) != 20 || first.code != 0 {
				t.Errorf("%s, %s: %+v", name, caller.name, first)
			}
			if again.refusal == nil || again.refusal.Reason != idempotency.ReasonOutcomeNotKept || len(again.messages) != 0 {
				t.Errorf("%s, %s: then %+v", name, caller.name, again)
			}
		}
	}
}

// TestStreamOfGoneClientIsAbandoned : it is not recorded as complete.
func TestStreamOfGoneClientIsAbandoned(t *testing.T) {
	started, finish := make(chan struct{}), make(chan struct{})
	c := &counting{run: func() {
		started <- struct{}{}
		<-finish
	}}
	const n = 1 << 22 // more than any buffer on the way
	policy := idempotency.Policy{MaxMessages: 5, OnAbandoned: idempotency.Reject}
	for i, caller := range startStreams(t, c, policy) {
		ctx, hangUp := context.WithCancel(t.Context())
		done := make(chan streamed)
		go func() { done <- caller.call(ctx, strconv.Itoa(i), n) }()
		<-started
		hangUp()
		<-done
		finish <- struct{}{}
		again, began := caller.call(t.Context(), strconv.Itoa(i), n), time.Now()
		for again.refusal != nil && again.refusal.Reason == idempotency.ReasonInProgress && time.Since(began) < time.Minute {
			time.Sleep(time.Millisecond)
			again = caller.call(t.Context(), strconv.Itoa(i), n)
		}
		if again.refusal == nil || again.refusal.Reason != idempotency.ReasonOutcomeUnknown {
			t.Errorf("%s: %d messages, %+v", caller.name, len(again.messages), again.refusal)
		}
	}
}

// TestStreamThatIsCanceledIsAbandoned : the next call is another attempt. Meanwhile a duplicate is refused.
func TestStreamThatIsCanceledIsAbandoned(t *testing.T) {
	started, finish := make(chan struct{}), make(chan struct{})
	c := &counting{code: 1}
	c.run = func() {
		started <- struct{}{}
		<-finish
	}
	for i, caller := range startStreams(t, c, idempotency.Policy{MaxMessages: 5}) {
		key := strconv.Itoa(i)
		for range 2 { // the second attempt runs too
			done := make(chan streamed)
			go func() { done <- caller.call(t.Context(), key, -2) }()
			<-started
			if other := caller.call(t.Context(), key, -2); other.refusal == nil || other.refusal.Reason != idempotency.ReasonInProgress {
				t.Errorf("%s: %+v", caller.name, other)
			}
			finish <- struct{}{}
			if got := <-done; len(got.messages) != 2 || got.code != 1 || got.marked() {
				t.Errorf("%s: %+v", caller.name, got)
			}
		}
	}
}

// TestStreamWithKeyIsRefused unless a policy guards it; without a key it runs.
func TestStreamWithKeyIsRefused(t *testing.T) {
	for name, policy := range map[string]idempotency.Policy{
		"no policy": {}, "negative": {MaxMessages: -1},
	} {
		for _, caller := range startStreams(t, new(counting), policy) {
			if got := caller.call(t.Context(), "k", 2); got.refusal == nil || got.refusal.Reason != idempotency.ReasonNotSupported {
				t.Errorf("%s, %s: %+v", name, caller.name, got)
			}
			if got := caller.call(t.Context(), "", 2); len(got.messages) != 2 || got.code != 0 {
				t.Errorf("%s, %s, without a key: %+v", name, caller.name, got)
			}
		}
	}
	both := idempotency.Policy{MaxMessages: 1, Transaction: backend.OneCommit}
	if both.Validate() == nil {
		t.Error("a stream in a transaction is accepted")
	}
}

// TestStreamInTransactionIsReported when the program starts, if several policies add up to it.
func TestStreamInTransactionIsReported(t *testing.T) {
	for name, test := range map[string]struct {
		mode     backend.TransactionMode
		findings bool
	}{"in a transaction": {backend.OneCommit, true}, "in none": {0, false}} {
		store := transactor{Store: memstore.New()}
		t.Cleanup(func() { _ = store.Close() })
		engine, err := idempotency.New(store, idempotency.WithPolicy("*", idempotency.Policy{Transaction: test.mode}),
			idempotency.WithPolicy(countMethod, idempotency.Policy{MaxMessages: 1}))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = engine.Close(context.Background()) })
		if _, err := idemgrpc.NewInterceptor(engine); err != nil {
			t.Fatal(err)
		}
		if err := engine.Check([]string{countMethod}, 0); (err != nil) != test.findings {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// transactor is a store that says that it has transactions, and opens none.
type transactor struct{ *memstore.Store }

func (transactor) Begin(context.Context, backend.Key, backend.Claim) (backend.Record, backend.Transaction, error) {
	return backend.Record{}, nil, errors.ErrUnsupported
}
