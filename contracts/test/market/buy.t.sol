// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {MarketTest} from "./MarketTest.sol";

/// @notice Passes that hold for ever and are final at once.
contract BuyTest is MarketTest {
    uint256 internal offerId;

    function setUp() public override {
        super.setUp();
        offerId = listNext(termsOf(PRICE));
    }

    function purchase() internal view returns (IAccessMarket.Purchase memory) {
        return purchaseOf(offerId, buyer);
    }

    function test_GrantsThePassAndPaysTheLedger() public {
        uint256 before = token.balanceOf(buyer);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.PassGranted(offerId, model, buyer, buyer, PRICE, 0, uint40(PERPETUAL), 0);
        vm.expectEmit(true, true, true, true, address(ledger));
        emit IRevenueLedger.RevenueReceived(model, address(token), buyer, PRICE);
        assertEq(buyAs(buyer, purchase()), PRICE, "amount");

        IAccessMarket.Pass memory pass = market.passOf(offerId, buyer);
        assertEq(pass.grantedAt, block.timestamp, "granted at");
        assertEq(pass.purchases, 1, "purchases");
        assertEq(pass.expiry, PERPETUAL, "expiry");
        assertEq(pass.refundUntil, 0, "final");
        assertEq(pass.amount, 0, "nothing waits");
        assertEq(before - token.balanceOf(buyer), PRICE, "buyer");
        assertEq(heldByMarket(), 0, "the market holds nothing");
        assertEq(salesOf(model), PRICE, "sales");
    }

    function test_APassOpensEveryVersionOfItsAssetOnly() public {
        buyAs(buyer, purchase());
        vm.prank(boole);
        uint256 second = registry.publishVersion(model, publication(list(), 500, 0, 0));
        uint256 other = publishFrom(boole, list(), 0);
        assertTrue(market.isEntitled(offerId, buyer, model), "the version bought");
        assertTrue(market.isEntitled(offerId, buyer, second), "a later version");
        assertTrue(!market.isEntitled(offerId, buyer, other), "another asset");
        assertTrue(!market.isEntitled(offerId, ada, model), "another holder");
        assertTrue(!market.isEntitled(offerId + 1, buyer, model), "another offer");
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_VersionUnknown.selector, 99));
        market.isEntitled(offerId, buyer, 99);
    }

    function test_AGiftIsTheHoldersAndPaidByThePayer() public {
        IAccessMarket.Purchase memory gift = purchaseOf(offerId, ada);
        gift.holder = ada;
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.PassGranted(offerId, model, ada, buyer, PRICE, 0, uint40(PERPETUAL), 0);
        buyAs(buyer, gift);
        assertTrue(market.isEntitled(offerId, ada, model), "holder");
        assertTrue(!market.isEntitled(offerId, buyer, model), "payer");
        // The nonce is the holder's, so two payers cannot give the same pass twice.
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_PassHeld.selector, offerId, ada));
        buyAs(reader, gift);
        buyAs(buyer, purchase());
    }

    function test_RevertWhen_ANewerVersionWasPublished() public {
        IAccessMarket.Purchase memory seen = purchase();
        vm.prank(boole);
        uint256 second = registry.publishVersion(model, publication(list(), 500, 0, 0));
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_VersionChanged.selector, model, second));
        buyAs(buyer, seen);
        buyAs(buyer, purchase());
        assertEq(salesOf(second), PRICE, "a sale of the second");
    }

    function test_RevertWhen_TheAssetIsNotForSale() public {
        IAccessMarket.Purchase memory seen = purchase();
        vm.prank(boole);
        registry.retire(model);
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_NotForSale.selector, model));
        buyAs(buyer, seen);
    }

    function test_RevertWhen_TheOfferIsNotThere() public {
        IAccessMarket.Purchase memory missing = purchase();
        missing.offerId = offerId + 1;
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_OfferClosed.selector, offerId + 1));
        buyAs(buyer, missing);
    }

    function test_RevertWhen_ThePriceIsAboveTheMaximum() public {
        IAccessMarket.Purchase memory low = purchase();
        low.amountMax = PRICE - 1;
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_PriceAboveMax.selector, PRICE, PRICE - 1));
        buyAs(buyer, low);
        low.amountMax = PRICE;
        buyAs(buyer, low);
    }

    function test_ARetryMovesNoMoney() public {
        buyAs(buyer, purchase());
        uint256 before = token.balanceOf(buyer);
        for (uint32 nonce; nonce < 3; ++nonce) {
            IAccessMarket.Purchase memory again = purchase();
            again.nonce = nonce;
            vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_PassHeld.selector, offerId, buyer));
            buyAs(buyer, again);
        }
        assertEq(token.balanceOf(buyer), before, "buyer");
    }

    function test_RevertWhen_TheNonceIsWrong() public {
        uint32[3] memory nonces = [1, type(uint24).max, type(uint32).max];
        for (uint256 i; i < nonces.length; ++i) {
            IAccessMarket.Purchase memory wrong = purchase();
            wrong.nonce = nonces[i];
            vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_NonceInvalid.selector, 0, nonces[i]));
            buyAs(buyer, wrong);
        }
    }

    /// @dev The count of purchases has 24 bits, and never runs over into the next field.
    function test_RevertWhen_AllNoncesAreUsed() public {
        bytes32 slot = keccak256(abi.encode(buyer, keccak256(abi.encode(offerId, uint256(4)))));
        buyAs(buyer, purchase());
        assertEq(uint24(uint256(vm.load(address(market), slot))), 1, "the pass's slot");
        uint32 most = type(uint24).max;
        vm.store(address(market), slot, bytes32(uint256(most - 1)));
        buyAs(buyer, purchase());
        assertEq(market.passOf(offerId, buyer).purchases, most, "the last");
        vm.store(address(market), slot, bytes32(uint256(most)));
        IAccessMarket.Purchase memory late = purchase();
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_NonceInvalid.selector, most, most));
        buyAs(buyer, late);
    }

    function test_RevertWhen_ThePaymentFails() public {
        vm.prank(buyer);
        token.approve(address(ledger), PRICE - 1);
        IAccessMarket.Purchase memory unpaid = purchase();
        vm.expectRevert(bytes4(keccak256("TransferFromFailed()")));
        buyAs(buyer, unpaid);
        assertTrue(!market.isEntitled(offerId, buyer, model), "no pass");
        assertEq(market.passOf(offerId, buyer).purchases, 0, "no purchase");
    }

    function test_AFreeOfferSkipsTheLedger() public {
        IAccessMarket.OfferTerms memory terms = heldTerms(0, 24);
        terms.token = address(0);
        uint256 free = listNext(terms);
        IAccessMarket.Purchase memory nothing = purchaseOf(free, ada);
        nothing.amountMax = 0;
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.PassGranted(free, model, ada, ada, 0, 0, uint40(PERPETUAL), 0);
        assertEq(buyAs(ada, nothing), 0, "amount");
        assertTrue(market.isEntitled(free, ada, model), "pass");
        (uint256 sales,,,) = ledger.accountOf(model, address(0));
        assertEq(sales, 0, "sales");
    }

    /* GATE */

    /// @dev A tree of four accounts in OpenZeppelin's standard form: double-hashed leaves, sorted pairs.
    function gateOf(address a, address b, address c, address d) internal pure returns (bytes32, bytes32, bytes32) {
        (bytes32 left, bytes32 right) = (pair(leaf(a), leaf(b)), pair(leaf(c), leaf(d)));
        return (pair(left, right), left, right);
    }

    function leaf(address account) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(account))));
    }

    function pair(bytes32 a, bytes32 b) internal pure returns (bytes32) {
        return a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
    }

    function test_AGateAdmitsWhomItsRootNames() public {
        IAccessMarket.OfferTerms memory terms = termsOf(PRICE);
        bytes32 right;
        (terms.gate,, right) = gateOf(buyer, ada, alpha, beta);
        uint256 gated = listNext(terms);
        IAccessMarket.Purchase memory proven = purchaseOf(gated, buyer);
        proven.proof = new bytes32[](2);
        (proven.proof[0], proven.proof[1]) = (leaf(ada), right);

        // It is the holder that is admitted, not the payer.
        bytes memory refused = abi.encodeWithSelector(IAccessMarket.AccessMarket_NotAdmitted.selector, reader);
        vm.expectRevert(refused);
        buyAs(reader, proven);
        proven.holder = buyer;
        buyAs(reader, proven);
        assertTrue(market.isEntitled(gated, buyer, model), "the holder");
        proven.holder = reader;
        vm.expectRevert(refused);
        buyAs(buyer, proven);
    }

    function test_RevertWhen_TheProofIsWrong() public {
        IAccessMarket.OfferTerms memory terms = timedTerms(PRICE);
        bytes32 right;
        (terms.gate,, right) = gateOf(buyer, ada, alpha, beta);
        uint256 gated = listNext(terms);
        bytes memory refused = abi.encodeWithSelector(IAccessMarket.AccessMarket_NotAdmitted.selector, buyer);
        IAccessMarket.Purchase memory wrong = purchaseOf(gated, buyer);
        vm.expectRevert(refused);
        buyAs(buyer, wrong);
        wrong.proof = new bytes32[](1);
        wrong.proof[0] = right;
        vm.expectRevert(refused);
        buyAs(buyer, wrong);
        wrong.proof = new bytes32[](2);
        (wrong.proof[0], wrong.proof[1]) = (right, leaf(ada));
        vm.expectRevert(refused);
        buyAs(buyer, wrong);
        (wrong.proof[0], wrong.proof[1]) = (leaf(ada), right);
        buyAs(buyer, wrong);
    }

    /// @dev A root that is one leaf admits one account, by an empty proof.
    function test_AGateForOne() public {
        IAccessMarket.OfferTerms memory terms = termsOf(PRICE);
        terms.gate = leaf(buyer);
        uint256 gated = listNext(terms);
        IAccessMarket.Purchase memory other = purchaseOf(gated, reader);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_NotAdmitted.selector, reader));
        buyAs(reader, other);
        buyAs(buyer, purchaseOf(gated, buyer));
    }

    /* EXCLUSIVE */

    function test_AnExclusiveSaleEndsAllOthers() public {
        uint256 timed = listNext(timedTerms(PRICE));
        uint256 held = listNext(heldTerms(PRICE, 24));
        uint256 exclusive = listNext(exclusiveTerms(PRICE));
        uint256 second = listNext(exclusiveTerms(PRICE));
        buyDays(reader, timed, 10);
        buyAs(reader, held);
        buyAs(reader, offerId);

        vm.warp(block.timestamp + 24 hours);
        vm.expectEmit(true, false, false, false, address(registry));
        emit IAssetRegistry.AssetSoldExclusively(model);
        uint256 before = salesOf(model);
        assertEq(buyAs(buyer, exclusive), 5 * PRICE, "half of ten times");
        assertEq(salesOf(model) - before, 5 * PRICE, "final at once");
        assertTrue(registry.isSoldExclusively(model), "sold");

        uint256[5] memory offerIds = [offerId, timed, held, exclusive, second];
        for (uint256 i; i < offerIds.length; ++i) {
            IAccessMarket.Purchase memory late = purchaseOf(offerIds[i], ada);
            vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_NotForSale.selector, model));
            buyAs(ada, late);
        }
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_NotForSale.selector, model));
        listNext(termsOf(1));

        // What was sold before runs on, and its money moves as if nothing had happened.
        assertTrue(market.isEntitled(timed, reader, model), "timed");
        assertTrue(market.isEntitled(offerId, reader, model), "perpetual");
        assertEq(refundAs(reader, timed), 9 * PRICE, "a refund");
        release(held, reader);
        assertEq(accrue(10), PRICE, "an accrual");
        assertEq(salesOf(model), 8 * PRICE, "two passes, a day, and the exclusive");
    }

    function test_RevertWhen_TheExclusivePriceIsAboveTheMaximum() public {
        uint256 exclusive = listNext(exclusiveTerms(PRICE));
        IAccessMarket.Purchase memory low = purchaseOf(exclusive, buyer);
        low.amountMax = PRICE;
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_PriceAboveMax.selector, 10 * PRICE, PRICE));
        buyAs(buyer, low);
        assertTrue(!registry.isSoldExclusively(model), "not sold");
        vm.warp(block.timestamp + 80 hours);
        assertEq(buyAs(buyer, low), PRICE, "at the reserve");
    }
}
