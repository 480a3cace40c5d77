// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {TestUSD} from "../../src/tokens/TestUSD.sol";
import {HostileToken} from "../utils/HostileToken.sol";
import {MarketTest} from "./MarketTest.sol";

/// @notice A signature authorises one purchase, on one chain, in one market, of one version, until its deadline.
contract BuyWithAuthorizationTest is MarketTest {
    uint256 internal constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    uint256 internal offerId;

    function setUp() public override {
        super.setUp();
        offerId = listNext(termsOf(PRICE));
        vm.prank(buyer);
        token.approve(address(ledger), 0);
    }

    function purchase() internal view returns (IAccessMarket.Purchase memory wanted) {
        (wanted.offerId, wanted.version, wanted.quantity, wanted.amountMax) = (offerId, model, 1, PRICE);
    }

    /// @dev What may go back is signed to the market.
    function authorizeMarket(uint256 amount, bytes32 nonce)
        internal
        view
        returns (IRevenueLedger.Authorization memory signed)
    {
        signed = authorize(BUYER_KEY, amount, nonce);
        Signed memory to = signReceive(BUYER_KEY, address(market), amount, signed.validBefore, nonce);
        signed.signature = abi.encodePacked(to.r, to.s, to.v);
    }

    function authorization() internal view returns (IRevenueLedger.Authorization memory) {
        return authorize(BUYER_KEY, PRICE, market.authorizationNonceOf(purchase(), buyer));
    }

    function relay(IAccessMarket.Purchase memory purchase_, IRevenueLedger.Authorization memory authorization_)
        internal
    {
        vm.prank(relayer);
        market.buyWithAuthorization(purchase_, authorization_);
    }

    function expectBadSignature(address signer) internal {
        vm.expectRevert(abi.encodeWithSelector(TestUSD.TestUSD_BadSignature.selector, signer));
    }

    function test_ThePassIsTheBuyers() public {
        uint256 before = token.balanceOf(buyer);
        vm.expectEmit(true, true, true, true, address(ledger));
        emit IRevenueLedger.RevenueReceived(model, address(token), buyer, PRICE);
        relay(purchase(), authorization());
        assertTrue(market.isEntitled(offerId, buyer, model), "buyer");
        assertTrue(!market.isEntitled(offerId, relayer, model), "relayer");
        assertEq(salesOf(model), PRICE, "sales");
        assertEq(before - token.balanceOf(buyer), PRICE, "balance of the buyer");
    }

    function test_TheNonceIsTheWrittenRule() public view {
        bytes32 context = keccak256(abi.encode(offerId, buyer, 1, PRICE, 0));
        bytes32 nonce = keccak256(abi.encode(address(market), model, context));
        assertTrue(market.authorizationNonceOf(purchase(), buyer) == nonce, "nonce");
    }

    function test_RevertWhen_AnotherOfferIsBought() public {
        IAccessMarket.Purchase memory other = purchase();
        other.offerId = listNext(termsOf(PRICE));
        IRevenueLedger.Authorization memory signed = authorization();
        expectBadSignature(buyer);
        relay(other, signed);
    }

    function test_RevertWhen_AnotherVersionIsBought() public {
        IRevenueLedger.Authorization memory signed = authorization();
        vm.prank(boole);
        uint256 second = registry.publishVersion(model, publication(list(), 500, 0, 0));
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_VersionChanged.selector, model, second));
        relay(purchase(), signed);
        IAccessMarket.Purchase memory other = purchase();
        other.version = second;
        expectBadSignature(buyer);
        relay(other, signed);
    }

    function test_RevertWhen_MaximumNonceOrAmountIsAnother() public {
        IRevenueLedger.Authorization memory signed = authorization();
        IAccessMarket.Purchase memory other = purchase();
        other.amountMax += 1;
        expectBadSignature(buyer);
        relay(other, signed);
        other = purchase();
        other.nonce = 1;
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_NonceInvalid.selector, 0, 1));
        relay(other, signed);
        signed.amount -= 1;
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_AmountMismatch.selector, PRICE, PRICE - 1));
        relay(purchase(), signed);
    }

    function test_RevertWhen_TheHolderIsAnother() public {
        token.mint(ada, PRICE);
        IRevenueLedger.Authorization memory signed = authorization();
        signed.from = ada;
        expectBadSignature(ada);
        relay(purchase(), signed);
        // Signed by the buyer, but with the nonce of a purchase for somebody else.
        signed = authorize(BUYER_KEY, PRICE, market.authorizationNonceOf(purchase(), ada));
        expectBadSignature(buyer);
        relay(purchase(), signed);
    }

    function test_RevertWhen_TheChainIsAnother() public {
        IRevenueLedger.Authorization memory signed = authorization();
        vm.chainId(31338);
        expectBadSignature(buyer);
        relay(purchase(), signed);
    }

    function test_RevertWhen_TheMarketOrTheLedgerIsACopy() public {
        IRevenueLedger.Authorization memory signed = authorization();
        address[] memory copies = deployAll(creationsOf(FEE_BPS + 1));
        registry = IAssetRegistry(copies[1]);
        market = IAccessMarket(copies[3]);
        publishFrom(boole, list(), 500);
        vm.prank(boole);
        market.listOffer(model, 0, termsOf(PRICE));
        expectBadSignature(buyer);
        relay(purchase(), signed);
    }

    function test_RevertWhen_TheSignatureIsTakenToTheLedger() public {
        IRevenueLedger.Authorization memory signed = authorization();
        bytes32 context = keccak256(abi.encode(offerId, buyer, 1, PRICE, 0));
        expectBadSignature(buyer);
        vm.prank(relayer);
        ledger.payWithAuthorization(model, address(token), signed, context);
    }

    function test_RevertWhen_TheSignatureIsNotStrict() public {
        IRevenueLedger.Authorization memory signed = authorization();
        (bytes32 r, bytes32 s, uint8 v) = split(signed.signature);
        bytes[7] memory signatures = [
            abi.encodePacked(r, bytes32(ORDER - uint256(s)), v ^ 7),
            abi.encodePacked(r, s, uint8(0)),
            abi.encodePacked(r, s, uint8(1)),
            abi.encodePacked(r, s, uint8(29)),
            abi.encodePacked(r, bytes32(uint256(s) | uint256(v - 27) << 255)),
            abi.encodePacked(r, s, v, bytes1(0)),
            bytes("")
        ];
        for (uint256 i; i < signatures.length; ++i) {
            signed.signature = signatures[i];
            expectBadSignature(buyer);
            relay(purchase(), signed);
        }
        signed = authorization();
        signed.from = address(0);
        expectBadSignature(address(0));
        relay(purchase(), signed);
    }

    function split(bytes memory signature) internal pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
            v := byte(0, mload(add(signature, 0x60)))
        }
    }

    function test_RevertWhen_ItIsExpired() public {
        IRevenueLedger.Authorization memory signed = authorization();
        vm.warp(signed.validBefore);
        vm.expectRevert(abi.encodeWithSelector(TestUSD.TestUSD_AuthorizationExpired.selector, signed.validBefore));
        relay(purchase(), signed);
    }

    function test_RevertWhen_ItIsUsedAgain() public {
        IRevenueLedger.Authorization memory signed = authorization();
        relay(purchase(), signed);
        uint256 after_ = token.balanceOf(buyer);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_PassHeld.selector, offerId, buyer));
        relay(purchase(), signed);
        assertEq(token.balanceOf(buyer), after_, "paid once");
    }

    /// @dev Outside the market a payment binds its caller, its version and its context, and can be used once.
    function test_ALedgerPaymentBindsCallerVersionAndContext() public {
        bytes32 context = keccak256("an invoice");
        bytes32 nonce = keccak256(abi.encode(relayer, model, context));
        IRevenueLedger.Authorization memory signed = authorize(BUYER_KEY, PRICE, nonce);
        uint256 other = publishFrom(boole, list(), 0);
        vm.startPrank(relayer);
        expectBadSignature(buyer);
        ledger.payWithAuthorization(other, address(token), signed, context);
        expectBadSignature(buyer);
        ledger.payWithAuthorization(model, address(token), signed, keccak256("another invoice"));
        vm.stopPrank();
        expectBadSignature(buyer);
        vm.prank(ada);
        ledger.payWithAuthorization(model, address(token), signed, context);
        vm.startPrank(relayer);
        ledger.payWithAuthorization(model, address(token), signed, context);
        vm.expectRevert(abi.encodeWithSelector(TestUSD.TestUSD_AuthorizationUsed.selector, buyer, nonce));
        ledger.payWithAuthorization(model, address(token), signed, context);
        vm.stopPrank();
    }

    function test_RevertWhen_TheOfferIsFree() public {
        IAccessMarket.OfferTerms[3] memory offers = [termsOf(0), heldTerms(0, 24), timedTerms(0)];
        for (uint256 i; i < offers.length; ++i) {
            offerId = listNext(offers[i]);
            IAccessMarket.Purchase memory nothing = purchase();
            nothing.amountMax = 0;
            IRevenueLedger.Authorization memory signed =
                authorize(BUYER_KEY, 0, market.authorizationNonceOf(nothing, buyer));
            vm.expectRevert(IRevenueLedger.RevenueLedger_AmountZero.selector);
            relay(nothing, signed);
            assertTrue(!market.isEntitled(offerId, buyer, model), "no pass");
        }
    }

    /* WHAT MAY GO BACK */

    function test_AHeldOrTimedPriceIsSignedToTheMarket() public {
        IAccessMarket.OfferTerms[2] memory offers = [heldTerms(PRICE, 24), timedTerms(PRICE)];
        for (uint256 i; i < offers.length; ++i) {
            offerId = listNext(offers[i]);
            bytes32 nonce = market.authorizationNonceOf(purchase(), buyer);
            IRevenueLedger.Authorization memory toLedger = authorize(BUYER_KEY, PRICE, nonce);
            expectBadSignature(buyer);
            relay(purchase(), toLedger);
            relay(purchase(), authorizeMarket(PRICE, nonce));
            assertTrue(market.isEntitled(offerId, buyer, model), "pass");
        }
        assertEq(heldByMarket(), 2 * PRICE, "both wait");
        assertEq(salesOf(model), 0, "nothing is final");
        assertEq(refundAs(buyer, offerId), PRICE, "refunded");
    }

    function test_AGiftAndDaysAreInTheNonce() public {
        offerId = listNext(timedTerms(PRICE));
        IAccessMarket.Purchase memory gift = purchase();
        (gift.holder, gift.quantity, gift.amountMax) = (ada, 3, 3 * PRICE);
        IRevenueLedger.Authorization memory signed =
            authorizeMarket(3 * PRICE, market.authorizationNonceOf(gift, buyer));
        gift.holder = relayer;
        expectBadSignature(buyer);
        relay(gift, signed);
        gift.holder = address(0);
        expectBadSignature(buyer);
        relay(gift, signed);
        gift.holder = ada;
        relay(gift, signed);
        assertEq(refundAs(ada, offerId), 3 * PRICE, "three days of ada's");
    }

    /// @dev Nobody moves the money without the purchase: only the market may submit what was signed to it.
    function test_RevertWhen_TheSignatureToTheMarketIsTakenElsewhere() public {
        offerId = listNext(heldTerms(PRICE, 24));
        bytes32 nonce = market.authorizationNonceOf(purchase(), buyer);
        IRevenueLedger.Authorization memory signed = authorizeMarket(PRICE, nonce);
        vm.expectRevert(abi.encodeWithSelector(TestUSD.TestUSD_CallerNotPayee.selector, relayer, address(market)));
        vm.prank(relayer);
        token.receiveWithAuthorization(buyer, address(market), PRICE, 0, signed.validBefore, nonce, signed.signature);
        bytes32 context = keccak256(abi.encode(offerId, buyer, 1, PRICE, 0));
        expectBadSignature(buyer);
        vm.prank(relayer);
        ledger.payWithAuthorization(model, address(token), signed, context);
    }

    function test_RevertWhen_TheTokenMovesAnotherAmountToTheMarket() public {
        HostileToken hostile = new HostileToken();
        vm.prank(governor);
        ledger.setTokenAllowed(address(hostile), true);
        IAccessMarket.OfferTerms memory terms = heldTerms(PRICE, 24);
        terms.token = address(hostile);
        offerId = listNext(terms);
        hostile.mint(buyer, 10 * PRICE);
        hostile.mint(address(market), 10 * PRICE);
        IRevenueLedger.Authorization memory signed = authorizeMarket(PRICE, 0);
        HostileToken.Behaviour[4] memory wrong = [
            HostileToken.Behaviour.FeeOnTransfer,
            HostileToken.Behaviour.GivesTooMuch,
            HostileToken.Behaviour.ShrinksTheReceiver,
            HostileToken.Behaviour.MovesNothing
        ];
        uint256[4] memory received = [PRICE - PRICE / 100, PRICE + 1, 0, 0];
        for (uint256 i; i < wrong.length; ++i) {
            hostile.set(wrong[i]);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IAccessMarket.AccessMarket_TokenUnsupported.selector, address(hostile), PRICE, received[i]
                )
            );
            relay(purchase(), signed);
        }
        hostile.set(HostileToken.Behaviour.Plain);
        relay(purchase(), signed);
    }
}
