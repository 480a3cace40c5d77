// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {MarketTest} from "../market/MarketTest.sol";
import {ITestUSD} from "../utils/ITestUSD.sol";
import {PermitToken, PlainToken} from "../utils/PlainToken.sol";

/// @notice What selling passes costs as a transaction of its own; see gas.t.sol. The token is OpenZeppelin's ERC-20, and
/// the allowance unlimited, where nothing else is said.
/// @dev "Again" is an account that bought this offer before and gave the pass back, moved it or let it end.
/// forge-config: test.isolate = true
contract MarketGasTest is MarketTest {
    uint256 internal constant DAYS = 30;

    ITestUSD internal dollar;
    address internal other = makeAddress("a third buyer");

    function setUp() public override {
        super.setUp();
        dollar = token;
        useToken(address(new PlainToken()));
    }

    /// @dev All parties have held the token before, and the model sold something, unless a case says otherwise.
    function useToken(address token_) internal {
        token = ITestUSD(token_);
        vm.prank(governor);
        ledger.setTokenAllowed(token_, true);
        fund(buyer, 1e12);
        fund(reader, 1e12);
        fund(other, 1e12);
        token.mint(address(ledger), 1);
        token.mint(address(market), 1);
        payAs(reader, model, 1);
    }

    /// @dev Records the call before it, and holds it to a limit: its goal, or where that is not reached what it costs now,
    /// rounded up. test/README.md has the goals beside the figures.
    function record(string memory operation, uint256 limit) internal {
        uint256 gas = vm.snapshotGasLastCall("gas", operation);
        assertTrue(gas <= limit, string.concat(operation, " costs ", vm.toString(gas)));
    }

    function purchaseWith(uint256 offerId, address holder, uint256 quantity)
        internal
        view
        returns (IAccessMarket.Purchase memory purchase)
    {
        purchase = purchaseOf(offerId, holder);
        (purchase.quantity, purchase.amountMax) = (uint16(quantity), PRICE * quantity);
    }

    function buyOnce(address account, uint256 offerId, uint256 quantity) internal {
        IAccessMarket.Purchase memory purchase = purchaseWith(offerId, account, quantity);
        vm.prank(account);
        market.buy(purchase);
    }

    function movableOffer() internal returns (uint256) {
        IAccessMarket.OfferTerms memory terms = termsOf(PRICE);
        terms.flags = TRANSFERABLE;
        return listNext(terms);
    }

    function giveAway(address account, uint256 offerId) internal {
        vm.prank(account);
        market.transferPass(offerId, makeAddress("a friend"));
    }

    function test_buy() public {
        uint256 offerId = movableOffer();
        buyOnce(buyer, offerId, 1);
        record("buy", 90_000);
        giveAway(buyer, offerId);
        buyOnce(buyer, offerId, 1);
        record("buy, again", 73_000);
    }

    function test_buyFirst() public {
        uint256 fresh = publishFrom(boole, list(), 500);
        uint256 offerId = listFor(boole, fresh, termsOf(PRICE));
        buyOnce(buyer, offerId, 1);
        record("buy, the asset's first sale", 108_000);
    }

    function test_buyFree() public {
        IAccessMarket.OfferTerms memory terms = termsOf(0);
        uint256 offerId = listNext(terms);
        buyOnce(buyer, offerId, 1);
        record("buy, free", 60_000);
    }

    function test_buyHeld() public {
        uint256 offerId = listNext(heldTerms(PRICE, 24));
        buyOnce(buyer, offerId, 1);
        record("buy, refundable", 85_000);
        refundAs(buyer, offerId);
        record("refund", 47_000);
        buyOnce(buyer, offerId, 1);
        record("buy, refundable, again", 68_000);
        vm.warp(block.timestamp + 24 hours);
        release(offerId, buyer);
        record("release", 70_000);
    }

    function test_buyTimed() public {
        uint256 offerId = listNext(timedTerms(PRICE));
        buyOnce(reader, offerId, DAYS);
        record("buy, timed, the asset's first", 131_000);
        buyOnce(other, offerId, 2 * DAYS);
        record("buy, timed", 120_000);
        buyOnce(buyer, offerId, DAYS);
        record("buy, timed, ends with another", 97_000);
        buyOnce(buyer, offerId, DAYS + 10);
        record("renew, timed", 100_000);
        vm.warp(block.timestamp + DAY);
        accrue(1);
        record("accrue one day", 70_000);
        vm.warp(block.timestamp + 64 * DAY);
        accrue(64);
        record("accrue 64 days", 161_000);
    }

    function test_refundTimed() public {
        uint256 offerId = listNext(timedTerms(PRICE));
        buyOnce(reader, offerId, 2 * DAYS);
        buyOnce(buyer, offerId, DAYS);
        vm.warp(block.timestamp + 5 * DAY + 1);
        refundAs(buyer, offerId);
        record("refund, timed", 74_000);
    }

    function test_buyExclusive() public {
        uint256 offerId = listNext(exclusiveTerms(PRICE));
        vm.warp(block.timestamp + 80 hours);
        buyOnce(buyer, offerId, 1);
        record("buy, exclusive", 97_000);
    }

    function test_buyBundle() public {
        uint256[] memory members = new uint256[](3);
        IAccessMarket.Purchase[] memory purchases = new IAccessMarket.Purchase[](3);
        for (uint256 i; i < 3; ++i) {
            members[i] = listNext(termsOf(PRICE));
            purchases[i] = purchaseWith(members[i], buyer, 1);
        }
        vm.prank(boole);
        bytes32 bundleId = market.listBundle(members, 1_000);
        vm.prank(buyer);
        market.buyBundle(bundleId, purchases, 3 * PRICE);
        record("buy a bundle of three", 186_000);
    }

    /* signed */

    function permitOf(uint256 amount) internal view returns (IAccessMarket.Permit memory permit) {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                buyer,
                address(ledger),
                amount,
                token.nonces(buyer),
                block.timestamp
            )
        );
        (permit.amount, permit.deadline) = (amount, block.timestamp);
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", token.DOMAIN_SEPARATOR(), structHash));
        (permit.v, permit.r, permit.s) = vm.sign(BUYER_KEY, digest);
    }

    function test_buyWithPermit() public {
        useToken(address(new PermitToken()));
        vm.prank(buyer);
        token.approve(address(ledger), 0);
        uint256 offerId = movableOffer();
        IAccessMarket.Purchase memory purchase = purchaseWith(offerId, buyer, 1);
        IAccessMarket.Permit memory permit = permitOf(PRICE);
        vm.prank(buyer);
        market.buyWithPermit(purchase, permit);
        record("buy with permit", 123_000);
        giveAway(buyer, offerId);
        purchase = purchaseWith(offerId, buyer, 1);
        permit = permitOf(PRICE);
        vm.prank(buyer);
        market.buyWithPermit(purchase, permit);
        record("buy with permit, again", 88_000);
    }

    function test_buyWithAuthorization() public {
        useToken(address(dollar));
        uint256 offerId = movableOffer();
        buyAuthorized(offerId);
        record("buy with EIP-3009", 121_000);
        giveAway(buyer, offerId);
        buyAuthorized(offerId);
        record("buy with EIP-3009, again", 104_000);
    }

    function buyAuthorized(uint256 offerId) internal {
        IAccessMarket.Purchase memory purchase = purchaseWith(offerId, buyer, 1);
        IRevenueLedger.Authorization memory signed =
            authorize(BUYER_KEY, PRICE, market.authorizationNonceOf(purchase, buyer));
        vm.prank(relayer);
        market.buyWithAuthorization(purchase, signed);
    }

    function test_buyFor() public {
        uint256 offerId = listNext(termsOf(PRICE));
        IAccessMarket.Purchase memory purchase = purchaseWith(offerId, buyer, 1);
        bytes memory signature = signPurchase(purchase, block.timestamp);
        IAccessMarket.Permit memory none;
        vm.prank(relayer);
        market.buyFor(buyer, purchase, block.timestamp, signature, none);
        record("buy for another who signed", 101_000);
    }
}
