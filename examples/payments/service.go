package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// service is the business behind every door. It knows no protocol; its errors
// are gRPC statuses, which each door has a way to say.
//
// Nothing in it guards against retries: it charges whenever it is called.
type service struct {
	ledger  *ledger
	journal *journal
}

// receipt is what a create has to say: a message, a header for each of the
// names below, and a trailer.
type receipt struct {
	payment *paymentsv1.Payment
	attempt int // of the idempotency key, or 0 when there was none
	entries int // in the tenant's ledger; 0 when nothing was written to it
}

// Names of the metadata of a create. gRPC has them in lower case.
const (
	headerPaymentID = "Payment-Id"
	headerAttempt   = "Payment-Attempt"
	trailerEntries  = "Payment-Ledger-Entries"
)

// create charges. A receipt comes with an error too, when the ledger has been
// written to.
func (s *service) create(ctx context.Context, request *paymentsv1.CreatePaymentRequest) (receipt, error) {
	if err := validateCreate(request); err != nil {
		return receipt{}, err
	}
	payment := &paymentsv1.Payment{
		Id:          "pay_" + strings.ToLower(rand.Text()),
		Amount:      request.GetAmount(),
		Currency:    request.GetCurrency(),
		Customer:    request.GetCustomer(),
		Description: request.GetDescription(),
		Status:      paymentsv1.PaymentStatus_PAYMENT_STATUS_PENDING,
		CreatedAt:   timestamppb.Now(),
	}
	if err := s.journal.append(ctx, payment); err != nil {
		slog.ErrorContext(ctx, "a charge is not in the journal", "payment", payment.GetId(), "error", err)
		return receipt{}, status.Error(codes.Unavailable, "the journal does not take the charge")
	}
	made := receipt{payment: payment, entries: s.ledger.enter(tenantOf(ctx), payment)}
	if execution, guarded := idempotency.FromContext(ctx); guarded {
		made.attempt = execution.Attempt
	}
	return made, s.simulate(ctx, request.GetSimulate(), payment)
}

func (s *service) update(ctx context.Context, request *paymentsv1.UpdatePaymentRequest) (*paymentsv1.Payment, error) {
	if err := validateUpdate(request); err != nil {
		return nil, err
	}
	payment := s.ledger.amend(tenantOf(ctx), request.GetId(), func(payment *paymentsv1.Payment) {
		if request.GetDescription() != "" {
			payment.Description = request.GetDescription()
		}
		if request.GetStatus() != paymentsv1.PaymentStatus_PAYMENT_STATUS_UNSPECIFIED {
			payment.Status = request.GetStatus()
		}
	})
	if payment == nil {
		return nil, errNoPayment
	}
	return payment, s.simulate(ctx, request.GetSimulate(), payment)
}

func (s *service) get(ctx context.Context, request *paymentsv1.GetPaymentRequest) (*paymentsv1.Payment, error) {
	payment := s.ledger.get(tenantOf(ctx), request.GetId())
	if payment == nil {
		return nil, errNoPayment
	}
	return payment, nil
}

func (s *service) list(ctx context.Context) *paymentsv1.ListPaymentsResponse {
	return &paymentsv1.ListPaymentsResponse{Payments: s.ledger.list(tenantOf(ctx))}
}

// errNoPayment says the same of another tenant's payment as of none at all.
var errNoPayment = status.Error(codes.NotFound, "there is no payment with this id")
