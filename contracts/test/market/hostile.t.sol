// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {HostileToken} from "../utils/HostileToken.sol";
import {ITestUSD} from "../utils/ITestUSD.sol";
import {MarketTest} from "./MarketTest.sol";

/// @notice Tokens that misbehave, at every entry point of the market that moves money.
contract HostileTest is MarketTest {
    enum Entry {
        BuyFinal,
        BuyHeld,
        BuyTimed,
        BuyForFinal,
        BundleFinal,
        AuthorizeFinal,
        AuthorizeHeld,
        RefundHeld,
        RefundTimed,
        Release,
        Accrue
    }

    uint256 internal constant ENTRIES = uint256(type(Entry).max) + 1;
    HostileToken internal hostile;
    ITestUSD internal good;
    uint256 internal first;

    function setUp() public override {
        super.setUp();
        (good, first) = (token, model);
        uint256 offerId = listNext(timedTerms(PRICE));
        buyDays(reader, offerId, 100);
        buyAs(reader, listNext(heldTerms(PRICE, 24)));
        hostile = new HostileToken();
        token = ITestUSD(address(hostile));
        vm.prank(governor);
        ledger.setTokenAllowed(address(hostile), true);
        hostile.mint(buyer, 1e15);
        hostile.mint(address(hostile), 1e15);
    }

    function authorizationFor(uint256 amount) internal view returns (IRevenueLedger.Authorization memory signed) {
        (signed.from, signed.amount, signed.validBefore) = (buyer, amount, block.timestamp + 1);
    }

    /// @dev Lists what the entry point needs, brings the market to where it can be called, and says what to call.
    function prepare(Entry entry, address holder) internal returns (bytes memory call) {
        uint256 amount = PRICE;
        hostile.mint(buyer, 1e9);
        bool isTimed = entry == Entry.BuyTimed || entry == Entry.RefundTimed || entry == Entry.Accrue;
        bool isHeld = entry == Entry.BuyHeld || entry == Entry.AuthorizeHeld || entry == Entry.RefundHeld
            || entry == Entry.Release;
        uint256 offerId = listNext(
            isTimed
                ? timedTerms(amount)
                : isHeld ? heldTerms(amount, entry == Entry.Release ? 24 : 24 * 30) : termsOf(amount)
        );
        IAccessMarket.Purchase memory purchase = purchaseOf(offerId, holder);
        if (isTimed) purchase.quantity = 20;
        if (entry == Entry.AuthorizeFinal || entry == Entry.AuthorizeHeld) {
            return abi.encodeCall(market.buyWithAuthorization, (purchase, authorizationFor(amount)));
        }
        if (entry == Entry.BundleFinal) return prepareBundle(purchase, holder);
        if (entry == Entry.BuyForFinal) {
            IAccessMarket.Permit memory none;
            return abi.encodeCall(
                market.buyFor, (buyer, purchase, block.timestamp, signPurchase(purchase, block.timestamp), none)
            );
        }
        if (entry <= Entry.BuyTimed) return abi.encodeCall(market.buy, (purchase));
        buyAs(holder, purchase);
        if (entry == Entry.RefundHeld || entry == Entry.RefundTimed) return abi.encodeCall(market.refund, (offerId));
        vm.warp(block.timestamp + 2 * DAY);
        if (entry == Entry.Accrue) return abi.encodeCall(market.accrue, (model, address(token), 64));
        address[] memory holders = new address[](1);
        holders[0] = holder;
        return abi.encodeCall(market.release, (offerId, holders));
    }

    function prepareBundle(IAccessMarket.Purchase memory one, address holder) internal returns (bytes memory) {
        IAccessMarket.Purchase[] memory both = new IAccessMarket.Purchase[](2);
        (both[0], both[1]) = (one, purchaseOf(listNext(termsOf(PRICE)), holder));
        vm.prank(boole);
        bytes32 bundleId = market.listBundle(list(one.offerId, both[1].offerId), 0);
        return abi.encodeCall(market.buyBundle, (bundleId, both, type(uint256).max));
    }

    function goesIn(Entry entry) internal pure returns (bool) {
        return entry != Entry.RefundHeld && entry != Entry.RefundTimed;
    }

    function goesToMarket(Entry entry) internal pure returns (bool) {
        return entry == Entry.BuyHeld || entry == Entry.BuyTimed || entry == Entry.AuthorizeHeld;
    }

    /// @dev What must be refused. What is not measured is what leaves for a buyer: a token that takes a fee then takes it
    /// from its own holders.
    function isRefused(HostileToken.Behaviour behaviour, Entry entry) internal pure returns (bool) {
        if (
            behaviour == HostileToken.Behaviour.FeeOnTransfer || behaviour == HostileToken.Behaviour.GivesTooMuch
                || behaviour == HostileToken.Behaviour.ShrinksTheReceiver
                || behaviour == HostileToken.Behaviour.MovesNothing
        ) return goesIn(entry);
        if (behaviour == HostileToken.Behaviour.ReturnsTwo) {
            return entry != Entry.AuthorizeFinal && entry != Entry.AuthorizeHeld;
        }
        return behaviour == HostileToken.Behaviour.ReturnsFalse || behaviour == HostileToken.Behaviour.Reverts;
    }

    function attempt(Entry entry, bytes memory call, bool refused) internal {
        vm.prank(buyer);
        (bool success,) = address(market).call(call);
        assertTrue(success != refused, string.concat("entry ", vm.toString(uint256(entry))));
        if (!refused) return;
        // Nothing is stuck: as soon as the token behaves, the same call goes through.
        hostile.set(HostileToken.Behaviour.Plain);
        vm.prank(buyer);
        (success,) = address(market).call(call);
        assertTrue(success, string.concat("retried entry ", vm.toString(uint256(entry))));
    }

    function tryEverywhere(HostileToken.Behaviour behaviour) internal {
        for (uint256 i; i < ENTRIES; ++i) {
            hostile.set(HostileToken.Behaviour.Plain);
            bytes memory call = prepare(Entry(i), buyer);
            hostile.set(behaviour);
            attempt(Entry(i), call, isRefused(behaviour, Entry(i)));
        }
        requireOthersUnharmed();
    }

    /// @dev Whoever pays with a good token notices nothing.
    function requireOthersUnharmed() internal {
        token = good;
        assertEq(market.streamOf(first, address(good)).rate, PRICE, "the stream of a good token");
        assertEq(good.balanceOf(address(market)), 101 * PRICE, "the market's balance of it");
        uint256 before = good.balanceOf(reader);
        uint256 back = refundAs(reader, first << 16);
        vm.warp(block.timestamp + 200 * DAY);
        release(first << 16 | 1, reader);
        market.accrue(first, address(good), 300);
        assertEq(good.balanceOf(reader) - before, back, "paid back");
        (uint256 sales,,,) = ledger.accountOf(first, address(good));
        assertEq(sales + back, 101 * PRICE, "all of it");
        assertEq(good.balanceOf(address(market)), 0, "nothing stays");
    }

    function test_FeeOnTransfer() public {
        tryEverywhere(HostileToken.Behaviour.FeeOnTransfer);
    }

    function test_GivesTooMuch() public {
        tryEverywhere(HostileToken.Behaviour.GivesTooMuch);
    }

    function test_ShrinksTheReceiver() public {
        hostile.mint(address(ledger), 1);
        hostile.mint(address(market), 1);
        tryEverywhere(HostileToken.Behaviour.ShrinksTheReceiver);
    }

    function test_ReturnsFalse() public {
        tryEverywhere(HostileToken.Behaviour.ReturnsFalse);
    }

    function test_ReturnsNothing() public {
        tryEverywhere(HostileToken.Behaviour.ReturnsNothing);
    }

    function test_ReturnsABomb() public {
        tryEverywhere(HostileToken.Behaviour.ReturnsBomb);
    }

    function test_ReturnsTwo() public {
        tryEverywhere(HostileToken.Behaviour.ReturnsTwo);
    }

    function test_Reverts() public {
        tryEverywhere(HostileToken.Behaviour.Reverts);
    }

    function test_MovesNothing() public {
        tryEverywhere(HostileToken.Behaviour.MovesNothing);
    }

    function test_TakesTwice() public {
        hostile.mint(address(market), 1e12);
        tryEverywhere(HostileToken.Behaviour.TakesTwice);
    }

    /// @dev Three more: it refuses the ledger, the market, or the buyer.
    function test_BlocksAPayee() public {
        address[3] memory payees = [address(ledger), address(market), buyer];
        for (uint256 p; p < payees.length; ++p) {
            for (uint256 i; i < ENTRIES; ++i) {
                Entry entry = Entry(i);
                hostile.set(HostileToken.Behaviour.Plain);
                bytes memory call = prepare(entry, buyer);
                hostile.blockPayee(payees[p]);
                bool toBuyer = !goesIn(entry);
                bool toMarket = goesToMarket(entry);
                attempt(entry, call, p == 2 ? toBuyer : p == 1 ? toMarket : !toBuyer && !toMarket);
            }
        }
        requireOthersUnharmed();
    }

    /// @dev One buyer that the token refuses stops nobody's release and nobody's accrual.
    function test_ARefusedBuyerStopsNobody() public {
        hostile.mint(reader, 1e12);
        uint256 timed = listNext(timedTerms(PRICE));
        buyDays(buyer, timed, 10);
        buyDays(reader, timed, 10);
        hostile.blockPayee(buyer);
        vm.expectRevert(bytes4(keccak256("TransferFailed()")));
        refundAs(buyer, timed);
        assertEq(refundAs(reader, timed), 10 * PRICE, "the other");
        vm.warp(block.timestamp + 10 * DAY);
        assertEq(accrue(64), 10 * PRICE, "the seller");
    }

    /* RE-ENTRY */

    /// @dev Every entry point inside every other. The token is a buyer itself, and may do all that a buyer may.
    function test_ReentersEverything() public {
        for (uint256 outer; outer < ENTRIES; ++outer) {
            for (uint256 inner; inner < ENTRIES; ++inner) {
                if (inner >= uint256(Entry.AuthorizeFinal) && inner <= uint256(Entry.AuthorizeHeld)) continue;
                if (inner == uint256(Entry.BuyForFinal)) continue;
                hostile.set(HostileToken.Behaviour.Plain);
                model = publishFrom(boole, list(), 500);
                uint256 market_ = hostile.balanceOf(address(market));
                bytes memory inside = prepare(Entry(inner), address(hostile));
                bytes memory outside = prepare(Entry(outer), buyer);
                hostile.reenter(address(market), inside);
                vm.prank(buyer);
                (bool success,) = address(market).call(outside);
                assertTrue(success, "the outer call goes through");
                requireOrderly(Entry(outer), Entry(inner));
                requireBooks(market_);
            }
        }
        requireOthersUnharmed();
    }

    /// @dev What moves the market's own balance never runs inside another such move; the ledger guards itself.
    function requireOrderly(Entry outer, Entry inner) internal view {
        bool outerMoves = outer >= Entry.RefundHeld || goesToMarket(outer);
        bool innerMoves = inner >= Entry.RefundHeld || goesToMarket(inner);
        bool outerInLedger = outer != Entry.RefundHeld && outer != Entry.RefundTimed && outer != Entry.AuthorizeHeld;
        bool innerInLedger = inner != Entry.RefundHeld && inner != Entry.RefundTimed;
        bytes memory answer = hostile.answer();
        bool refused = bytes4(answer) == bytes4(keccak256("Reentrancy()"));
        assertTrue(refused || keccak256(answer) == keccak256("it went through"), "nothing else happens");
        // There is nothing left for an accrual inside an accrual.
        if (outer == Entry.Accrue && inner == Entry.Accrue) outerMoves = outerInLedger = false;
        assertTrue(
            refused == ((outerMoves && innerMoves) || (outerInLedger && innerInLedger)),
            string.concat("outer ", vm.toString(uint256(outer)), " inner ", vm.toString(uint256(inner)))
        );
    }

    /// @dev Both passes of the model and its stream are what the market holds more than before.
    function requireBooks(uint256 before) internal view {
        IAccessMarket.Stream memory stream = market.streamOf(model, address(hostile));
        uint256 owed = stream.earned;
        uint256 rate = stream.rate;
        for (uint256 day = stream.day; day < stream.day + 30; ++day) {
            if (day > stream.day) {
                rate = uint256(int256(rate) + market.rateChangeOf(model, address(hostile), day));
            }
            owed += rate;
        }
        address[2] memory holders = [buyer, address(hostile)];
        for (uint16 index = nextIndex - 4; index < nextIndex; ++index) {
            for (uint256 i; i < 2; ++i) {
                IAccessMarket.Pass memory pass = market.passOf(model << 16 | index, holders[i]);
                if (pass.refundUntil != 0) owed += pass.amount;
            }
        }
        assertEq(hostile.balanceOf(address(market)) - before, owed, "the market's books");
        (uint256 sales,,,) = ledger.accountOf(model, address(hostile));
        assertTrue(sales <= hostile.balanceOf(address(ledger)), "the ledger's books");
    }
}
