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

// service is the business logic behind all protocols. Its errors are gRPC
// statuses, which every protocol can represent.
//
// It has no protection against retries of its own: it charges every time it runs.
type service struct {
	ledger  ledger
	journal *journal
}

// receipt is the answer to a create: a message, the two headers and the trailer
// whose names are below.
type receipt struct {
	payment *paymentsv1.Payment
	attempt int // of the idempotency key; 0 for a call without a key
	entries int // of the tenant in the ledger; 0 if nothing was written to it
}

// Names of the metadata of a create. gRPC sends them in lower case.
const (
	headerPaymentID = "Payment-Id"
	headerAttempt   = "Payment-Attempt"
	trailerEntries  = "Payment-Ledger-Entries"
)

// create charges. It returns a receipt with an error if the ledger was written to
// before the error.
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
		slog.ErrorContext(ctx, "a charge could not be written to the journal", "payment", payment.GetId(), "error", err)
		return receipt{}, status.Error(codes.Unavailable, "the charge could not be written to the journal")
	}
	entries, err := s.ledger.add(ctx, tenantOf(ctx), payment)
	if err != nil {
		return receipt{}, err
	}
	made := receipt{payment: payment, entries: entries}
	if execution, guarded := idempotency.FromContext(ctx); guarded {
		made.attempt = execution.Attempt
	}
	return made, simulate(ctx, s.ledger, request.GetSimulate(), payment)
}

func (s *service) update(ctx context.Context, request *paymentsv1.UpdatePaymentRequest) (*paymentsv1.Payment, error) {
	if err := validateUpdate(request); err != nil {
		return nil, err
	}
	payment, err := s.ledger.update(ctx, tenantOf(ctx), request.GetId(), func(payment *paymentsv1.Payment) {
		if request.GetDescription() != "" {
			payment.Description = request.GetDescription()
		}
		if request.GetStatus() != paymentsv1.PaymentStatus_PAYMENT_STATUS_UNSPECIFIED {
			payment.Status = request.GetStatus()
		}
	})
	if err != nil {
		return nil, err
	}
	return payment, simulate(ctx, s.ledger, request.GetSimulate(), payment)
}

func (s *service) get(ctx context.Context, request *paymentsv1.GetPaymentRequest) (*paymentsv1.Payment, error) {
	return s.ledger.get(ctx, tenantOf(ctx), request.GetId())
}

func (s *service) list(ctx context.Context) (*paymentsv1.ListPaymentsResponse, error) {
	payments, err := s.ledger.list(ctx, tenantOf(ctx))
	if err != nil {
		return nil, err
	}
	return &paymentsv1.ListPaymentsResponse{Payments: payments}, nil
}
